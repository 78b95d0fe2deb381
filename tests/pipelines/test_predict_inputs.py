"""What `lianxi predict` asks about where a person names nothing."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from modules.common.registry import load_task
from pipelines import last_run
from pipelines.commands.predict import _inputs
from pipelines.environment import Environment

_HUMAN = SimpleNamespace(DEFAULTS_TO_DATA=True, TAKES="a file")


def after_a_run_on(data_files: str, root: Path) -> list[str]:
    env = Environment(name="local", root=str(root))
    Path(env.pipeline_dir("name_gender")).mkdir(parents=True)
    run = last_run.LastRun(data_files=data_files, model="", evaluation="", hparams={})
    last_run.save(env, "name_gender", run)
    return list(_inputs(load_task("name_gender"), _HUMAN, (), env))


def test_the_files_of_the_last_run(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt", "notes"):
        (tmp_path / name).write_text("")
    globs = f"{tmp_path}/*.csv\n{tmp_path}/[a-c].*"
    wanted = [f"{tmp_path}/{name}" for name in ("a.csv", "b.csv", "c.txt")]
    assert after_a_run_on(globs, tmp_path / "root") == wanted


def test_examples_that_were_drawn_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="name_gender takes a file; give one or more"):
        after_a_run_on("", tmp_path)
