"""`lianxi tfx` against the stand-in of KFP 2's API, in this process, with a hand-made package."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest
import yaml
from api_server import ApiServer
from api_workflow import Fate, Workflow
from asking import PIPELINE_FILE, PLATFORM, SPEC, Ask, fails, table

import kubeflow.client.api

ROOT = Path(__file__).resolve().parents[3]


def test_a_pipeline_from_its_file_to_its_end(server: ApiServer, ask: Ask) -> None:
    code, out, err = ask(f"pipeline create --pipeline_path {PIPELINE_FILE}")
    assert (code, err) == (0, "")
    (pipeline,) = server.state.pipelines.values()
    (first,) = server.state.versions.values()
    assert first["pipeline_spec"] == {"pipeline_spec": SPEC, "platform_spec": PLATFORM}
    assert [each["display_name"] for each in server.state.experiments.values()] == ["name_gender"]
    assert 'Pipeline "name_gender" created successfully.' in out
    assert f"http://ui/#/pipelines/details/{pipeline['pipeline_id']}" in out

    fails(ask(f"pipeline create --pipeline_path {PIPELINE_FILE}"), "already", "pipeline update")
    assert ask(f"pipeline update --pipeline_path {PIPELINE_FILE}")[0] == 0
    assert len(server.state.versions) == 2

    _, out, _ = ask("pipeline list")
    assert table(out) == [["name_gender", pipeline["pipeline_id"], pipeline["created_at"]]]

    code, out, _ = ask(
        "run create --pipeline_name name_gender --runtime_parameter train_steps=20 "
        "--runtime_parameter data=minio://bucket/names"
    )
    assert code == 0
    (run,) = server.state.runs.values()
    newest = list(server.state.versions)[-1]
    assert run["pipeline_version_reference"]["pipeline_version_id"] == newest
    assert run["runtime_config"]["parameters"] == {
        "train_steps": 20,
        "data": "minio://bucket/names",
    }
    assert run["service_account"] == "runner"
    link = f"http://ui/#/runs/details/{run['run_id']}"
    row = ["name_gender", run["run_id"], "PENDING", run["created_at"], link]
    assert table(out) == [row] and f"--run_id {run['run_id']} --follow" in out

    fates = {"Trainer": Fate(phase="Failed", message="Error (exit code 1)")}
    server.state.begin_run(run["run_id"], Workflow({"Trainer": []}, fates, "2.17", "kubeflow"))
    _, out, _ = ask(f"run status --pipeline_name name_gender --run_id {run['run_id']}")
    assert "Trainer failed: Error (exit code 1)" in out and link in out
    row[2] = "FAILED"
    assert table(ask("run list --pipeline_name name_gender")[1]) == [row]
    fails(ask(f"run terminate --run_id {run['run_id']}"), "ended already")

    assert ask(f"run delete --run_id {run['run_id']}")[0] == 0
    assert "No runs found." in ask("run list --pipeline_name name_gender")[1]
    assert ask("pipeline delete --pipeline_name name_gender")[0] == 0
    state = server.state
    assert not (state.pipelines or state.versions or state.experiments or state.runs)
    assert "No pipelines to display." in ask("pipeline list")[1]


def test_a_run_is_stopped(server: ApiServer, ask: Ask) -> None:
    ask(f"pipeline create --pipeline_path {PIPELINE_FILE}")
    ask("run create --pipeline_name name_gender")
    (run_id,) = server.state.runs
    assert ask(f"run terminate --run_id {run_id}")[0] == 0
    assert server.state.runs[run_id]["state"] == "CANCELING"


def test_long_lists_are_read_to_their_end(server: ApiServer, ask: Ask) -> None:
    package = yaml.safe_dump(SPEC).encode()
    for number in range(130):
        server.state.upload_pipeline(f"p{number}", package)
    assert len(table(ask("pipeline list")[1])) == 130


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("run create --pipeline_name name_gendre", "did you mean 'name_gender'"),
        ("run list --pipeline_name nothing", "no pipeline nothing"),
        ("pipeline delete --pipeline_name nothing", "no pipeline nothing"),
        ("run status --pipeline_name name_gender --run_id 12", "no run 12"),
        ("run delete --run_id 12", "no run 12"),
        ("run terminate --run_id 12", "no run 12"),
        ("pipeline update --pipeline_path nowhere.py", "nowhere.py"),
        (f"pipeline update --pipeline_path {ROOT}/pipelines/entry.py", "names no task"),
        (f"pipeline create --build_image --pipeline_path {PIPELINE_FILE}", "docker build"),
        ("run create --pipeline_name name_gender --runtime_parameter steps=1", "'steps'"),
        ("run create --pipeline_name name_gender --runtime_parameter train_steps=x", "integer"),
    ],
)
def test_what_a_person_gets_wrong(server: ApiServer, ask: Ask, words: str, expected: str) -> None:
    server.state.upload_pipeline("name_gender", yaml.safe_dump(SPEC).encode())
    fails(ask(words), expected)
    assert not server.state.runs


def test_a_parameter_without_a_value_is_wrong_usage(server: ApiServer, ask: Ask) -> None:
    server.state.upload_pipeline("name_gender", yaml.safe_dump(SPEC).encode())
    words = "run create --pipeline_name name_gender --runtime_parameter train_steps"
    fails(ask(words), "format", exit_code=2)
    assert not server.state.runs


def test_a_parameter_without_default_must_be_given(
    server: ApiServer, ask: Ask, packages: list[dict]
) -> None:
    packages[0] = json.loads(json.dumps(SPEC))
    del packages[0]["root"]["inputDefinitions"]["parameters"]["data"]["defaultValue"]
    ask(f"pipeline create --pipeline_path {PIPELINE_FILE}")
    fails(ask("run create --pipeline_name name_gender"), "--runtime_parameter data=VALUE")


def test_a_package_that_is_refused(server: ApiServer, ask: Ask, packages: list[dict]) -> None:
    packages[0] = {**SPEC, "schemaVersion": "2.0.0"}
    fails(ask(f"pipeline create --pipeline_path {PIPELINE_FILE}"), "(400)", "2.1.0")
    assert not server.state.pipelines


def test_who_asks(ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with ApiServer(token="secret") as guarded:
        fails(ask("pipeline list", guarded.url), "(401)", "LIANXI_KFP_TOKEN")
        assert guarded.requests == ["GET /apis/v2beta1/healthz"]
        monkeypatch.setenv("LIANXI_KFP_TOKEN", "secret")
        assert ask("pipeline list", guarded.url)[0] == 0
        monkeypatch.delenv("LIANXI_KFP_TOKEN")
        (tmp_path / "token").write_text("secret")
        monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "token"))
        assert ask("pipeline list", guarded.url)[0] == 0


@pytest.mark.parametrize(
    ("status", "expected"), [(403, "--namespace"), (500, "kubectl logs"), (503, "kubectl logs")]
)
def test_a_server_that_fails(ask: Ask, status: int, expected: str) -> None:
    with ApiServer(fails_with=status) as broken:
        fails(ask("pipeline list", broken.url), f"({status})", expected)


def test_a_server_that_is_not_there(ask: Ask) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        fails(ask("pipeline list", url), f"cannot reach {url}", "refused", "kubectl port-forward")


def test_a_server_that_is_slow(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeflow.client.api, "READ_TIMEOUT_S", 1)
    with ApiServer(delay_s=60) as slow:
        begun = time.monotonic()
        fails(ask("pipeline list", slow.url), "did not answer within 1 s")
        assert time.monotonic() - begun < 30


def test_a_server_of_another_kind(ask: Ask, server: ApiServer) -> None:
    fails(ask("pipeline list", f"{server.url}/elsewhere"), "no Kubeflow Pipelines 2", "404")


def test_no_endpoint(ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    fails(ask("pipeline list", ""), "--endpoint", "KF_PIPELINES_ENDPOINT")
