"""`python -m benchmarks`: what programs tell becomes one table, and what got worse is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from modules.common.runtime.digest import ROOT


@pytest.fixture
def suite(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    import benchmarks.__main__ as main

    return main


def test_every_program_is_there_and_says_what_it_compares(suite: Any) -> None:
    names = [each.name for each in suite.SUITE]
    assert len(set(names)) == len(names)
    for each in suite.SUITE:
        text = (ROOT / "benchmarks" / each.script).read_text(encoding="utf-8")
        assert "tell_figure(" in text and each.compares


def _program(folder: Path, text: str) -> str:
    path = folder / "made_up.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def _run(suite: Any, script: str, **more: Any) -> tuple[list[Any], str]:
    from benchmarks.suite import Benchmark

    console = Console(record=True, width=200)
    return suite.run(
        Benchmark(name="made_up", compares="a with b", script=script, **more), console
    ), console.export_text()


def test_figures_are_read_among_what_people_read(suite: Any, tmp_path: Path) -> None:
    from benchmarks.suite import Goal

    script = _program(
        tmp_path, "print('turn 1: 2 s')\nprint('= a, elapsed: 3.5 x')\nprint('= b: 2 s')"
    )
    rows, _ = _run(suite, script, goals={"a, elapsed": Goal(bound=3.0)})
    assert [(row.name, row.value, row.unit) for row in rows] == [
        ("a, elapsed", 3.5, "x"),
        ("b", 2, "s"),
    ]
    assert rows[0].is_reached and not rows[1].is_reached
    assert not rows[0].is_most and rows[1].is_most, "of seconds less is better"


def test_what_cannot_be_run_is_said(suite: Any, tmp_path: Path) -> None:
    script = _program(tmp_path, "raise SystemExit('no such folder')")
    rows, said = _run(suite, script)
    assert not rows and "made_up failed" in said and "no such folder" in said
    rows, said = _run(suite, script, needs=(tmp_path / "data",))
    assert not rows and f"left out, since {tmp_path / 'data'} is not there" in said
    rows, said = _run(suite, _program(tmp_path, "import time\ntime.sleep(60)"), limit_s=0.2)
    assert not rows and "not done" in said


def test_a_tenth_worse_is_said_and_other_text_stays(suite: Any, tmp_path: Path) -> None:
    from benchmarks.performance_page import Row, read_rows, write_page

    page = tmp_path / "performance.md"
    page.write_text(
        "# Before\n<!-- table: python -m benchmarks -->\nold\n<!-- end of table -->\nafter\n"
    )
    ratio = Row(benchmark="mfcc", name="ratio", value=4.0, unit="x", goal=6.0)
    seconds = Row(benchmark="starts", name="list", value=1.0, unit="s", goal=2.0, is_most=True)
    write_page(tmp_path, [seconds, ratio], "here")
    text = page.read_text()
    assert text.startswith("# Before\n") and text.endswith("after\n") and "old" not in text
    assert "| ratio | 4 x | at least 6 x |" in text and "| list | **1 s** | at most 2 s |" in text
    assert text.index("mfcc") > text.index("starts") and "Measured here." in text
    assert read_rows(tmp_path / "performance.json")[0].machine == "here"
    assert json.loads((tmp_path / "performance.json").read_text())[1]["goal"] == 6.0
    console = Console(record=True, width=200)
    same = [replace(ratio, value=3.7), replace(seconds, value=1.09)]
    assert suite.compare(same, [ratio, seconds], console) == 0
    worse = [replace(ratio, value=3.5), replace(seconds, value=1.2)]
    assert suite.compare(worse, [ratio, seconds], console) == 2
    assert "list: 1.2 s, at most 2 s wanted, was 1 s" in console.export_text()
