"""Hyperparameters as options of their own, and the sample command, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from modules.common.declaring.registry import all_tasks, load_task
from modules.common.declaring.settings import as_dict
from modules.common.declaring.task import Task
from modules.common.runtime.errors import WrongUsage
from modules.name_gender.task import Settings
from pipelines.commands import run, sample
from pipelines.commands.options import SettingsCommand, set_option, task_argument


@click.command(cls=SettingsCommand)
@task_argument
@set_option
@click.option("--data")
@click.option("--fast", is_flag=True)
@click.argument("rest", nargs=-1)
def command(settings: tuple[tuple[str, str], ...], **others: Any) -> None:
    """Takes settings."""
    click.echo(repr((dict(settings), others["data"], others["fast"], others["rest"])))


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("", {}),
        ("--epochs 3", {"epochs": "3"}),
        ("--epochs=3", {"epochs": "3"}),
        ("--learning-rate 0.1", {"learning_rate": "0.1"}),
        ("--learning_rate=0.1 --set epochs=3", {"learning_rate": "0.1", "epochs": "3"}),
        ("--seed -1", {"seed": "-1"}),
        ("--seed=", {"seed": ""}),
        ("--set epochs=3 --epochs 4", {"epochs": "4"}),
        ("--epochs 4 --set epochs=3", {"epochs": "3"}),
    ],
)
def test_an_option_is_a_setting(line: str, settings: dict[str, str]) -> None:
    wanted = repr((settings, None, False, ())) + "\n"
    for words in (["name_gender", *line.split()], [*line.split(), "name_gender"]):
        result = CliRunner().invoke(command, words)
        assert (result.output, result.exit_code) == (wanted, 0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("name_gender --epoch 3", "no such option --epoch; did you mean '--epochs'?"),
        ("--epoch 3 name_gender", "no such option --epoch; did you mean '--epochs'?"),
        ("name_gender --dat x", "no such option --dat; did you mean '--data'?"),
        ("name_gender --epochs --fast", "--epochs takes a value: --epochs VALUE"),
        ("name_gender --epochs", "'--epochs' requires an argument"),
        ("--epochs 3 name_gendre", "no task is called 'name_gendre'; did you mean 'name_gender'?"),
        ("--epochs 3", "no task is called '3'; it must be one of age_gender"),
        ("name_gender --set epochs", "expected name=value, found 'epochs'"),
    ],
)
def test_what_is_no_option_is_said(line: str, said: str) -> None:
    result = CliRunner().invoke(command, line.split())
    assert said in result.output and result.exit_code == 2


def test_the_value_of_an_option_is_not_the_task() -> None:
    result = CliRunner().invoke(command, ["--data", "captcha_ocr", "name_gender", "--filters", "3"])
    assert result.output == repr(({"filters": "3"}, "captcha_ocr", False, ())) + "\n"


@pytest.mark.parametrize("words", [["--epochs", "-1"], ["--epochs=-1"], ["--set", "epochs=-1"]])
def test_a_value_that_begins_with_a_dash_reaches_its_bound(words: list[str]) -> None:
    error = CliRunner().invoke(run.command, ["name_gender", *words]).exception
    assert isinstance(error, WrongUsage)
    assert "epochs" in str(error) and "-1" in str(error)


def test_options_of_the_command_stay_what_they_are() -> None:
    words = ["name_gender", "--data", "--epochs", "--fast", "x", "--", "--epochs", "3"]
    result = CliRunner().invoke(command, words)
    assert result.output == repr(({}, "--epochs", True, ("x", "--epochs", "3"))) + "\n"


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_no_setting_hides_behind_an_option_of_run(task: Task) -> None:
    options = {name for param in run.command.params for name in param.opts}
    assert not {f"--{each.name}" for each in task.declared} & options


def test_a_sample_is_as_small_as_a_smoke_run_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Path, Settings]] = []
    monkeypatch.setattr(
        "modules.name_gender.sample.maker.write_sample", lambda *arguments: calls.append(arguments)
    )
    for words in ([], ["--count", "7", "--seed", "5"], ["--sample-rows", "9"]):
        result = CliRunner().invoke(sample.command, ["name_gender", str(tmp_path / "new"), *words])
        assert result.exit_code == 0, result.output
    task = load_task("name_gender")
    assert [call[0] for call in calls] == [tmp_path / "new"] * 3
    told = [as_dict(call[1]) for call in calls]
    assert told == [
        {"seed": Settings().seed, "sample_rows": task.resolve({}, smoke=True).sample_rows},
        {"seed": 5, "sample_rows": 7},
        {"seed": Settings().seed, "sample_rows": 9},
    ]


@pytest.mark.parametrize("words", [["--count", "0"], ["--count", "many"]])
def test_a_count_is_positive(tmp_path: Path, words: list[str]) -> None:
    result = CliRunner().invoke(sample.command, ["name_gender", str(tmp_path), *words])
    assert result.exit_code == 2


def test_help_lists_the_settings_of_the_task_that_is_named() -> None:
    helped = CliRunner().invoke(command, ["captcha_ocr", "--help"]).output
    assert "Settings of captcha_ocr" in helped
    assert "--learning-rate" in helped and "one of ctc, position" in " ".join(helped.split())
    assert "Settings of" not in CliRunner().invoke(command, ["--help"]).output


def test_a_sample_that_was_stopped_is_written_over_by_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "new"
    words = ["name_gender", str(folder), "--count", "7"]
    with monkeypatch.context() as patch:

        def stopped(where: Path, *others: Any) -> None:
            (where / "names.csv").write_text("half")
            raise KeyboardInterrupt

        patch.setattr("modules.name_gender.sample.maker.write_sample", stopped)
        assert CliRunner().invoke(sample.command, words).exit_code != 0
    other = CliRunner().invoke(sample.command, [*words, "--seed", "5"])
    assert "is not empty" in str(other.exception)
    assert CliRunner().invoke(sample.command, words).exit_code == 0
    assert [path.name for path in folder.iterdir()] == ["names.csv"]
    assert "half" not in (folder / "names.csv").read_text(encoding="utf-8")
