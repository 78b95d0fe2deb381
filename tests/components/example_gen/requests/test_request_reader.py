"""Rows, lines and files become requests without labels, each with its place and key."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject
from components.example_gen.requests import reader
from modules.common.asking.batches import make_source
from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import DataError

READERS = {
    "RowRequests": reader.read_rows,
    "LineRequests": reader.read_text_lines,
    "FileRequests": reader.read_file,
}


def read(
    name: str, form: str, path: Path, carried: tuple[str, ...] = (), number: int = 0, **said: Any
) -> tuple[list[dict[str, Any]], list[Reject]]:
    task = load_task(name)
    source = make_source(task, form, said)
    if form == "RowRequests":
        source = dataclasses.replace(source, carried=carried)
    config = ReadConfig(
        task_name=name, source=source, settings=task.settings(), data_dir=str(path.parent)
    )
    found = list(READERS[form]((number, str(path)), config))
    records = [dict(each.features) for each in found if isinstance(each, Record)]
    return records, [each for each in found if isinstance(each, Reject)]


def origins(records: list[dict[str, Any]]) -> list[list[Any]]:
    return [json.loads(each[reader.ORIGIN]) for each in records]


@pytest.mark.parametrize("header", ["姓名\n", "name\n", ""])
def test_names_need_no_gender_and_no_header(tmp_path: Path, header: str) -> None:
    path = tmp_path / "names.csv"
    path.write_text(f"{header}王婷婷\n田野\n")
    records, rejects = read("name_gender", "RowRequests", path)
    assert [each["name"] for each in records] == ["王婷婷", "田野"]
    assert not rejects and "gender" not in records[0]
    first = 2 if header else 1
    assert [key for _, key, _ in origins(records)] == [
        f"names.csv:{first}",
        f"names.csv:{first + 1}",
    ]


def test_cells_are_carried_and_bad_rows_are_said(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("id,name,gender\n7,王婷婷,?\n8,未知,x\n9\n")
    records, rejects = read("name_gender", "RowRequests", path, ("id", "name", "more"), number=3)
    [[place, key, cells]] = origins(records)
    assert (place, key, cells) == ((3 << 32) + 2, "names.csv:2", ["7", "王婷婷", ""])
    assert [each.where for each in rejects] == ["line 3", "line 4"]
    assert "expected a name" in rejects[0].reason and "3 fields" in rejects[1].reason


def test_numbers_are_read_with_their_bounds(tmp_path: Path) -> None:
    task = load_task("voice_gender")
    names = [field.name for field in task.serving.inputs]
    path = tmp_path / "voices.csv"
    rows = [["0.1"] * len(names), ["nan"] + ["0.1"] * (len(names) - 1)]
    path.write_text("\n".join(",".join(row) for row in [names, *rows]))
    records, rejects = read("voice_gender", "RowRequests", path)
    assert len(records) == 1 and {records[0][name] for name in names} == {0.1}
    assert [each.where for each in rejects] == ["line 3"]


def test_a_text_is_a_line_and_what_is_said_holds_for_all(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text(f"你好\n\n{'长' * 501}\n再见\r\n")
    records, rejects = read("seq2seq_chatbot", "LineRequests", path, beam_width=3, seed=4)
    assert [each["text"] for each in records] == ["你好", "再见"]
    assert {each["beam_width"] for each in records} == {3}
    assert {type(each["temperature"]) for each in records} == {float}
    assert [cells for _, _, cells in origins(records)] == [["你好"], ["再见"]]
    assert [each.where for each in rejects] == ["line 3"]


def test_a_column_says_an_option_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "talk.csv"
    path.write_text("text,beam_width\n你好,2\n你好,\n你好,many\n")
    records, rejects = read("seq2seq_chatbot", "RowRequests", path, beam_width=4)
    assert [each["beam_width"] for each in records] == [2, 4]
    assert [each.where for each in rejects] == ["line 4"]


def test_a_picture_is_its_file_and_what_is_none_is_said(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "PNG")
    (tmp_path / "a").mkdir()
    (tmp_path / "a.png").write_bytes(file.getvalue())
    [record], _ = read("image_retrain", "FileRequests", tmp_path / "a.png", number=2, top_k=3)
    assert record["image"] == file.getvalue() and record["top_k"] == 3
    assert origins([record]) == [[2 << 32, "a.png", []]]
    (tmp_path / "b.png").write_bytes(b"none")
    [], [reject] = read("image_retrain", "FileRequests", tmp_path / "b.png")
    assert reject.path == "b.png" and "expected a whole picture" in reject.reason


def test_a_table_may_name_files_beside_it(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(file, "PNG")
    (tmp_path / "a.png").write_bytes(file.getvalue())
    (tmp_path / "list.csv").write_text("image\na.png\nlost.png\n")
    records, rejects = read("image_retrain", "RowRequests", tmp_path / "list.csv", ("image",))
    assert [each["image"] for each in records] == [file.getvalue()]
    assert origins(records)[0][2] == ["a.png"]
    assert "lost.png" in rejects[0].reason


def test_a_table_without_the_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("gender,age\nx,1\n")
    with pytest.raises(DataError, match=r"no column 姓名; expected tables .* with the column 姓名"):
        read("name_gender", "RowRequests", tmp_path / "t.csv")
