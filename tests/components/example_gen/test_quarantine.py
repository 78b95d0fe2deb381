"""What a run says of records that are not used."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from drawing import FOLDER, task
from tfx.types.standard_artifacts import Examples

from components.example_gen import quarantine
from components.example_gen.records import SET_ASIDE, Reject
from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import DataError
from pipelines.console import RunConsole
from pipelines.outcome import Outcome
from pipelines.results import RunResult

COUNTS = {"train": 1480, "eval": 120, "quarantined": 3, "set_aside": 30}


def write(output: Path, counts: dict[str, int], rejects: list[Reject]) -> None:
    folder = output / "quarantine"
    folder.mkdir(parents=True)
    (folder / "counts.json").write_text(json.dumps(counts))
    lines = "".join(reject.to_json() + "\n" for reject in rejects)
    (folder / "rejects.jsonl").write_text(lines)


def shown(counts: dict[str, int], output: Path) -> tuple[str, RunResult, str]:
    """The component's line, the result, and what the console says at the end."""
    write(output, counts, [])
    examples, result, stream = Examples(), RunResult(task=task(FOLDER)), io.StringIO()
    examples.uri = str(output)
    line = result.add(
        Outcome(
            name="ExampleGen",
            state="done",
            seconds=1.0,
            cpu_seconds=1.0,
            outputs={"examples": [examples]},
        )
    )
    with RunConsole(stream) as console:
        console.show_result(result)
    return line, result, stream.getvalue()


def test_a_run_says_what_it_set_aside(tmp_path: Path) -> None:
    line, result, said = shown(COUNTS, tmp_path)
    assert line == "1,480 train, 120 eval, 3 quarantined, 30 set aside"
    found = result.to_json()
    assert (found["examples"], found["quarantined"], found["set_aside"]) == (1600, 3, 30)
    assert str(tmp_path / "quarantine" / "rejects.jsonl") in said


@pytest.mark.parametrize(
    ("name", "line", "is_named"),
    [
        ("set_aside", "1,480 train, 120 eval, 3 quarantined", True),
        ("quarantined", "1,480 train, 120 eval, 0 quarantined, 30 set aside", True),
        ("both", "1,480 train, 120 eval, 0 quarantined", False),
    ],
)
def test_nothing_is_said_of_what_there_is_none_of(
    tmp_path: Path, name: str, line: str, is_named: bool
) -> None:
    counts = {key: count for key, count in COUNTS.items() if key in ("train", "eval")}
    counts |= {} if name == "both" else {key: COUNTS[key] for key in COUNTS if key != name}
    found, _, said = shown(counts, tmp_path)
    assert found == line
    assert ("rejects.jsonl" in said) == is_named


def test_what_is_set_aside_does_not_count_against_the_limit(tmp_path: Path) -> None:
    tiny, output = task(FOLDER), tmp_path / "examples" / "1"
    assert tiny.quarantine_limit == 0.2
    rejects = [Reject("a.png", "", "the same picture as b.png", SET_ASIDE)] * 90
    rejects += [Reject("c.png", "", "the file is empty")] * 3
    write(output, {"train": 6, "eval": 1, "quarantined": 3, "set_aside": 90}, rejects)
    with pytest.raises(DataError) as caught:
        quarantine.check_limit(quarantine.read_counts(str(output)), str(output), tiny)
    message = str(caught.value)
    assert "3 of 10 records are bad" in message and "3 x the file is empty" in message
    assert "the same picture" not in message
    counts = quarantine.Counts(examples=12, quarantined=3, set_aside=90, by_split={})
    quarantine.check_limit(counts, str(output), tiny)


def test_records_are_counted_not_the_many_examples_of_each(tmp_path: Path) -> None:
    output = tmp_path / "examples" / "1"
    counts = {"train": 80, "eval": 20, "used": 4, "quarantined": 3}
    write(output, counts, [Reject("a.mid", "", "no notes")] * 3)
    with pytest.raises(DataError, match="3 of 7 records are bad"):
        quarantine.check_limit(quarantine.read_counts(str(output)), str(output), task(FOLDER))


def test_where_all_is_set_aside_the_reasons_are_told(tmp_path: Path) -> None:
    output = tmp_path / "examples" / "1"
    write(output, {"set_aside": 4}, [Reject("test/a.png", "", "not used", SET_ASIDE)] * 4)
    said = "all 4 records were set aside, none is left:\n  4 x not used\n"
    with pytest.raises(DataError, match=said):
        quarantine.check_limit(quarantine.read_counts(str(output)), str(output), task(FOLDER))


def test_the_setting_that_lets_more_through_is_named(tmp_path: Path) -> None:
    output = tmp_path / "examples" / "1"
    reasons = [f"expected at least 200 px on the shorter side, found {n} x 9" for n in range(4)]
    rejects = [Reject(f"{n}.png", "", said) for n, said in enumerate(reasons)]
    write(output, {"quarantined": 4}, rejects)
    counts = quarantine.read_counts(str(output))
    with pytest.raises(DataError, match="To use smaller pictures: --min-side-px N, by default 200"):
        quarantine.check_limit(counts, str(output), load_task("image_retrain"))
    with pytest.raises(DataError) as caught:
        quarantine.check_limit(counts, str(output), load_task("name_gender"))
    assert "--min-side-px" not in str(caught.value)
