"""What is asked and answered as tables: made of the fields, and the pages hold them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from modules.common.asking.field_tables import (
    describe_field,
    make_input_table,
    make_output_table,
    word_output,
)
from modules.common.declaring.fields import Field, Serving
from modules.common.declaring.registry import all_tasks
from modules.common.declaring.task import Task
from pipelines.commands.list import command

_PAGES = Path(__file__).resolve().parents[4] / "docs"
_SERVING = Serving(
    inputs=(
        Field(name="n", dtype="int64", at_least=1, at_most=9, default=2, doc="how often"),
        Field(name="roll", dtype="uint8", shape=(None, 3), choices=(0, 1), default=[], doc="a|b"),
    ),
    outputs=(Field(name="p", dtype="float32", kind="probability", at_most=1, doc="of it"),),
    example={},
)


def test_a_table_has_a_row_for_each_field() -> None:
    assert make_input_table(_SERVING).splitlines() == [
        "| input | type | default | meaning |",
        "|---|---|---|---|",
        "| `n` | int64 [B] | 2 | how often (1 to 9) |",
        r"| `roll` | uint8 [B, any, 3] | | a\|b (0 or 1) |",
    ]
    assert make_output_table(_SERVING).splitlines()[2:] == [
        "| `p` | float32 [B] | probability of it (at most 1) |"
    ]
    bands = Field(name="c", dtype="float32", doc="colour", bands=((0, "grey"), (15, "slight")))
    assert word_output(bands) == "colour; 0 grey, 15 slight"


def test_a_field_as_json_says_what_was_declared() -> None:
    said = describe_field(_SERVING.inputs[0])
    assert said == {
        "name": "n",
        "dtype": "int64",
        "shape": [],
        "doc": "how often",
        "default": 2,
        "kind": "number",
        "at_least": 1,
        "at_most": 9,
        "expected": "1 to 9",
    }


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_the_tables_of_a_page_are_those_of_its_task(task: Task) -> None:
    page = (_PAGES / f"{task.name}.md").read_text(encoding="utf-8")
    for head, table in (
        ("input", make_input_table(task.serving)),
        ("output", make_output_table(task.serving)),
    ):
        found = re.findall(rf"^\| {head} \|.*\n(?:\|.*\n)+", page, re.M)
        wrong = f"`lianxi list {task.name} --markdown` prints what the page must say"
        assert found in ([], [table]), wrong


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_list_says_all_of_it_in_80_columns(task: Task, tmp_path: Path) -> None:
    root = ["--root", str(tmp_path)]
    text = CliRunner().invoke(command, [task.name, *root]).output
    assert max(map(len, text.splitlines())) <= 80
    words = " ".join(text.split())
    for setting in task.declared:
        assert f"--{setting.name} {setting.default!r} " in words
        assert " ".join(f"Takes {setting.expected}.".split()) in words
    for field in (*task.serving.inputs, *task.serving.outputs):
        assert re.search(rf"^  {field.name}\b", text, re.M)
    [row] = json.loads(CliRunner().invoke(command, [task.name, "--json", *root]).output)
    assert [each["name"] for each in row["declared"]] == [each.name for each in task.declared]
    assert row["max_examples"] == task.serving.max_examples
    assert [each["name"] for each in row["inputs"]] == [each.name for each in task.serving.inputs]
    assert all(each["kind"] and each["expected"] for each in row["outputs"])


def test_markdown_is_what_pages_hold() -> None:
    task = all_tasks()[0]
    said = CliRunner().invoke(command, [task.name, "--markdown"]).output
    assert said == make_input_table(task.serving) + "\n" + make_output_table(task.serving)
    assert CliRunner().invoke(command, ["--markdown"]).exit_code == 2
