"""Asking `lianxi tfx` in this process, and reading what it answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from api_server import ApiServer

PIPELINE_FILE = str(Path(__file__).resolve().parents[3] / "pipelines" / "name_gender.py")
SPEC = {
    "schemaVersion": "2.1.0",
    "pipelineInfo": {"name": "name-gender"},
    "root": {
        "dag": {},
        "inputDefinitions": {
            "parameters": {
                "data": {"parameterType": "STRING", "defaultValue": ""},
                "train_steps": {"parameterType": "NUMBER_INTEGER", "defaultValue": 0},
            }
        },
    },
}
PLATFORM = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {}}}}}

Ask = Callable[..., tuple[int, str, str]]


def pretend_to_compile(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """Has compiling give the documents that are returned, which a test may change."""
    # Imports TFX, which other tests beside do not need.
    from kubeflow.client.handler import KubeflowHandler

    documents = [dict(SPEC), dict(PLATFORM)]

    def compiled(self: KubeflowHandler, task: object, output: Path) -> Path:
        output.write_text(yaml.safe_dump_all(documents))
        return output

    monkeypatch.setattr(KubeflowHandler, "_compile", compiled)
    monkeypatch.setattr(KubeflowHandler, "_service_account", lambda self: "runner")
    return documents


def asker(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ask:
    """Gives what runs `lianxi tfx`, and gives exit code, standard output and the error stream."""
    from pipelines import cli

    for name in ("KF_PIPELINES_ENDPOINT", "LIANXI_KFP_TOKEN", "KF_PIPELINES_SA_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KF_PIPELINES_UI_ENDPOINT", "http://ui")

    def run(words: str, endpoint: str = server.url) -> tuple[int, str, str]:
        argv = ["lianxi", "tfx", *words.split(), "--engine", "kubeflow", "--endpoint", endpoint]
        monkeypatch.setattr(sys, "argv", argv)
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def fails(answer: tuple[int, str, str], *words: str, exit_code: int = 1) -> None:
    """Expects an exit code and one line with all of `words`."""
    code, _, err = answer
    assert code == exit_code
    assert err.startswith("error: ") and len(err.strip().splitlines()) == 1, err
    for word in words:
        assert word in err


def table(out: str) -> list[list[str]]:
    """Reads a table as TFX prints them, its head left out."""
    lines = [line for line in out.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines][1:]
