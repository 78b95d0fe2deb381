"""How the values of tables are written: found out only where that must be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from components.example_gen.read_config import ReadConfig
from components.example_gen.tables.csv_tables import Table, settle
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, tell
from modules.common.reading.table_sources import Column
from modules.common.reading.tables import Row


def test_where_there_is_nothing_to_settle_no_row_is_read() -> None:
    def rows() -> Iterator[Row]:
        raise AssertionError("a row was read")
        yield

    task = load_task("name_gender")
    source = replace(task.sources[0], columns=(Column(feature="name", headers=("name",)),))
    config = ReadConfig(
        task_name=task.name, source=source, settings=tell(task.settings(), DATA), data_dir=""
    )
    table = Table("utf-8", ",", ("name",), {"name": 0}, rows())
    assert settle([table], source, config) == {}
