"""How `lianxi run` ends: what is said, the exit code, the log, what `lianxi list` then knows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from modules.common.evaluating.figures import Figure
from modules.common.runtime.errors import DataError, GateError
from pipelines import last_run, runner
from pipelines.cli import cli
from pipelines.ending import end_of
from pipelines.environment import environment
from pipelines.outcome import Outcome
from pipelines.results import RunResult

Fake = Callable[[RunResult], None]


@pytest.fixture
def ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs the command with a pipeline that only does what a test says."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("姓名,性别\n王,男\n", encoding="utf-8")

    def end(fake: Fake, *options: str) -> tuple[int, str, str]:
        def run(pipeline: object, env: object, result: RunResult, *others: object) -> None:
            Path(environment("smoke", str(tmp_path)).pipeline_dir("name_gender")).mkdir(
                parents=True, exist_ok=True
            )
            fake(result)

        monkeypatch.setattr(runner, "run", run)
        line = ["run", "name_gender", "--env", "smoke", "--root", str(tmp_path)]
        line += ["--data", str(tmp_path / "data"), *options]
        code = end_of(lambda: cli.main(line, standalone_mode=False))
        out, err = capfd.readouterr()
        return code, out, err

    return end


def trained(result: RunResult, passed: bool) -> None:
    result.outcomes.append(
        Outcome(name="Pusher", state="done", seconds=0.1, cpu_seconds=0.1, outputs={})
    )
    result.figures = [
        Figure(
            name="accuracy",
            value=0.9,
            baselines={"log_odds": 0.5, "boosted_trees": 0.4},
            gate="> 0.5",
            passed=passed,
        )
    ]
    result.paths |= {"model": "m", "evaluation": "e"}
    result.pushed = "/models/1" if passed else ""


def failing(error: Exception, result: RunResult) -> None:
    result.outcomes.append(
        Outcome(name="Trainer", state="failed", seconds=0.1, cpu_seconds=0.1, outputs={})
    )
    code = getattr(error, "exit_code", 1)
    raise runner.RunError(f"Trainer failed: {error}", code) from error


def test_a_push_says_how_to_go_on_in_the_same_place(
    ended: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, _, err = ended(lambda result: trained(result, passed=True))
    options = f"--env smoke --root {tmp_path}"
    assert code == 0
    assert f"`lianxi serve {options}`" in err and f"`lianxi predict name_gender … {options}`" in err
    env = environment("smoke", str(tmp_path))
    assert last_run.read_refusals(env, "name_gender") == []
    assert last_run.load(env, "name_gender").model == "m"


def test_a_refusal_ends_with_3_and_is_remembered(
    ended: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, out, err = ended(lambda result: trained(result, passed=False), "--json")
    assert code == 3 and json.loads(out)["pushed"] is None
    assert "name_gender was not pushed: accuracy did not pass its gate. Give it more data" in err
    assert last_run.read_refusals(environment("smoke", str(tmp_path)), "name_gender") == [
        "accuracy"
    ]


@pytest.mark.parametrize(
    ("error", "code", "remembered"),
    [
        (GateError("the training diverged"), 3, ["Trainer"]),
        (DataError("no column 性别"), 1, []),
        (ZeroDivisionError("by nothing"), 1, []),
    ],
)
def test_a_failure_names_the_log_that_holds_it(
    error: Exception,
    code: int,
    remembered: list[str],
    ended: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
) -> None:
    got, _, err = ended(lambda result: failing(error, result))
    assert got == code
    assert f"error: Trainer failed: {error}\nThe whole log is in " in err
    [log] = re.findall(r"^The whole log is in (.*)$", err, re.M)
    text = Path(log).read_text(encoding="utf-8")
    assert (
        "Traceback (most recent call last)" in text and f"{type(error).__name__}: {error}" in text
    )
    assert "Traceback" not in err
    assert last_run.read_refusals(environment("smoke", str(tmp_path)), "name_gender") == remembered


@pytest.mark.parametrize("passed", [True, False])
def test_a_run_ends_with_a_report_however_it_ends(
    passed: bool, ended: Callable[..., tuple[int, str, str]]
) -> None:
    _, out, err = ended(lambda result: trained(result, passed), "--json")
    path = Path(json.loads(out)["paths"]["report_html"])
    assert re.search(rf"^report +{re.escape(str(path))}$", err, re.M)
    page = path.read_text(encoding="utf-8")
    assert ("pushed as version 1" if passed else "refused by accuracy") in page
    # What the terminal advises stands there too, and components that were not reached.
    assert ("Give it more data" in page) != passed
    assert "Trainer: not reached" in page


def test_a_failed_run_has_a_report_too(
    ended: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    ended(lambda result: failing(DataError("no column 性别"), result))
    [path] = (tmp_path / "smoke/reports/name_gender").iterdir()
    page = path.read_text(encoding="utf-8")
    assert "failed in Trainer" in page and "no column 性别" in page


def test_a_report_that_cannot_be_written_costs_a_line(
    ended: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "smoke").mkdir()
    (tmp_path / "smoke" / "reports").write_text("a file where the folder would be")
    code, out, err = ended(lambda result: trained(result, passed=True), "--json")
    assert code == 0 and "report_html" not in json.loads(out)["paths"]
    assert len(re.findall("^the report is not written: .*reports", err, re.M)) == 1
