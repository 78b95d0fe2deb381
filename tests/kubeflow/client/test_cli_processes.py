"""`lianxi tfx --engine kubeflow` as a person runs it: processes, real packages, HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from api_server import ApiServer
from api_workflow import Fate, Workflow

ROOT = Path(__file__).resolve().parents[3]
LIANXI = str(Path(sys.executable).with_name("lianxi"))


def start(*words: str, folder: Path, endpoint: str, token: str = "secret") -> subprocess.Popen[str]:
    argv = [LIANXI, "tfx", *words, "--engine", "kubeflow", "--endpoint", endpoint]
    env = {
        **os.environ,
        "LIANXI_KFP_TOKEN": token,
        "LIANXI_IMAGE": "registry.example.com/lianxi:1",
        "LIANXI_SERVICE_ACCOUNT": "pipeline-runner",
    }
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(argv, cwd=folder, env=env, text=True, **pipes)


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=300)
    assert "Traceback" not in err
    return process.returncode, out, err


@pytest.mark.e2e
def test_from_a_pipeline_file_to_the_status_of_a_run(tmp_path: Path) -> None:
    file = str(ROOT / "pipelines" / "name_gender.py")
    create = ("pipeline", "create", "--pipeline_path", file)
    status = ("run", "status", "--pipeline_name", "name_gender", "--run_id")
    with socket.socket() as free, ApiServer(token="secret") as server:
        free.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
        first = start(*create, folder=tmp_path, endpoint=server.url)
        lost = start(*create, folder=tmp_path, endpoint=nowhere)
        code, out, err = end(first)
        assert code == 0, err
        assert 'Pipeline "name_gender" created successfully.' in out
        code, _, err = end(lost)
        assert code == 1 and f"error: cannot reach {nowhere}" in err

        (version,) = server.state.versions.values()
        spec = version["pipeline_spec"]
        spec = spec.get("pipeline_spec", spec)
        images = {
            each["container"]["image"]
            for each in spec["deploymentSpec"]["executors"].values()
            if "container" in each
        }
        assert images == {"registry.example.com/lianxi:1"}

        run = ("run", "create", "--pipeline_name", "name_gender")
        asked = start(
            *run, "--runtime_parameter", "train_steps=20", folder=tmp_path, endpoint=server.url
        )
        stranger = start(*run, folder=tmp_path, endpoint=server.url, token="wrong")
        code, out, err = end(asked)
        assert code == 0, err
        code, _, err = end(stranger)
        assert code == 1 and "(401)" in err
        ((run_id, made),) = server.state.runs.items()
        assert made["runtime_config"]["parameters"] == {"train_steps": 20}
        assert made["service_account"] == "pipeline-runner"
        assert run_id in out

        server.state.begin_run(run_id, Workflow({"Trainer": []}, {"Trainer": Fate()}, "2.17", "k"))
        told = start(*status, run_id, folder=tmp_path, endpoint=server.url)
        missing = start(*status, "no-such-run", folder=tmp_path, endpoint=server.url)
        code, out, _ = end(told)
        assert code == 0 and "name_gender: succeeded" in out and run_id in out
        code, _, err = end(missing)
        assert code == 1 and "no run no-such-run" in err
    assert not list(tmp_path.iterdir())
