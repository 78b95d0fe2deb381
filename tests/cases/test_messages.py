"""What a run says when there is nothing to learn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from run_executor import execute
from statistics_gen import statistics_of

from components.class_counts import class_problems, split_problem
from components.example_gen.tables.example_gen import CsvExampleGen
from modules.common.declaring.registry import load_task


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("in", "all 120 examples have the gender 'male', so there is nothing to tell apart. Give"),
        ("in2", "gender 'female' has 2 examples for training, none for evaluation. Give more"),
    ],
)
def test_one_class_and_few_rows_are_said_before_training(
    folder: str,
    said: str,
    case: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = load_task("name_gender")
    examples = execute(monkeypatch, CsvExampleGen, task, case("14") / folder, tmp_path / "examples")
    statistics = statistics_of(examples, tmp_path / "statistics")
    assert split_problem(statistics) == ""
    [problem] = class_problems(task, statistics)
    assert problem.startswith(said)
