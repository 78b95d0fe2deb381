"""Dry runs by the command line, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DryRun = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def dry(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> DryRun:
    """Runs the command, and gives the exit code, what `--json` says, and what a person reads."""
    from pipelines.cli import cli
    from pipelines.ending import end_of

    def run(task: str, data: Path, *options: str) -> tuple[int, dict[str, Any], str]:
        line = ["run", task, "--dry-run", "--json", "--root", str(tmp_path / "root")]
        line += ["--env", "smoke", "--data", str(data), *options]
        code = end_of(lambda: cli.main(line, standalone_mode=False))
        out, err = capfd.readouterr()
        return code, json.loads(out) if out else {}, err

    return run
