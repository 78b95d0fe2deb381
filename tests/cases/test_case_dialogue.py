"""Conversations as people have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conv_files import TASK
from run_executor import execute

from components.example_gen.dialogue.example_gen import DialogueExampleGen, Executor
from components.example_gen.quarantine import rejects_path
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, tell
from modules.common.runtime.errors import DataError
from pipelines.data import locate
from pipelines.environment import Environment

Case = Callable[[str], Path]


def pairs(data: Path) -> list[tuple[object, object]]:
    """Questions with replies that seq2seq_chatbot reads of a folder."""
    task = load_task("seq2seq_chatbot")
    location = locate(task, str(data), Environment(name="local", root=str(data)), task.settings())
    config = ReadConfig(
        task_name=task.name,
        source=location.source,
        settings=tell(task.resolve({"pairing": "successors", "max_chars": 60}), DATA),
        data_dir=location.folder,
    )
    paths = Executor.items(config, location.patterns)
    Executor.check(paths, config)
    results = [result for path in paths for result in Executor.reader(path, config)]
    records = [result for result in results if isinstance(result, Record)]
    return [(record.features["question"], record.features["reply"]) for record in records]


def test_55_pairs_in_two_columns(case: Case) -> None:
    found = pairs(case("55") / "in2")
    assert len(found) == 60 and found[0] == ("今天天气很好", "他在学校读书")


@pytest.mark.parametrize(
    ("folder", "count"),
    [("in", 62), ("in3", 60), ("in4", 60), ("in6", 60), ("in7", 60), ("in8", 60)],
)
def test_55_odd_lines_are_read(case: Case, folder: str, count: int) -> None:
    found = pairs(case("55") / folder)
    assert len(found) == count
    assert found[int(folder == "in")] == ("今天天气很好0", "我们明天去爬山")


def test_55_lower_case_is_another_layout(case: Case) -> None:
    with pytest.raises(DataError, match="expected lines `M text`, .* found .* 'e', 'm"):
        pairs(case("55") / "in5")


def test_55_the_limit_compares_lines_with_lines(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """7 of 201 lines are 3.5 %, below the limit of 5 %; of the 60 pairs they were 10.4 %."""
    output = tmp_path / "component" / "examples" / "1"
    task = replace(TASK, quarantine_limit=0.05)
    examples = execute(monkeypatch, DialogueExampleGen, task, case("55") / "in3", output)
    assert examples.get_int_custom_property("examples") == 60
    assert examples.get_int_custom_property("quarantined") == 7
    rejects = [json.loads(line) for line in Path(rejects_path(str(output))).open()]
    bad = [reject["reason"] for reject in rejects if reject["kind"] == "bad"]
    assert len(bad) == 7 and all("if they are GB 18030" in reason for reason in bad)
