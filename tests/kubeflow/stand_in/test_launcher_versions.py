"""The stand-in does what each version of KFP does, difference by difference."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from launcher import Cluster, Run
from launcher_packages import constant, step, write_package
from launcher_versions import KFP_2_0, KFP_2_5, KFP_2_15, KFP_2_17, VERSIONS, Kfp

from kubeflow.step import store_location

Json = dict[str, Any]
MakeCluster = Callable[[Kfp], Cluster]

_SHOW = "import json, sys; given = json.loads(sys.argv[1]); out = given['outputs']; "
_MAKE = (
    "import pathlib, sys; "
    "[(p := pathlib.Path(path)).mkdir() or p.joinpath(p.name).write_text('x') "
    "for path in sys.argv[1:]]"
)


@pytest.fixture
def make(tmp_path: Path) -> MakeCluster:
    """Gives a cluster of a version, in a folder of its own."""
    return lambda kfp: Cluster(tmp_path / kfp.name, kfp=kfp)


@pytest.fixture(params=VERSIONS, ids=lambda kfp: kfp.name)
def cluster(request: pytest.FixtureRequest, make: MakeCluster) -> Cluster:
    """A cluster of each version in turn."""
    return make(request.param)


def _run(cluster: Cluster, steps: dict[str, Json], **settings: Any) -> Run:
    cluster.folder.mkdir(exist_ok=True)
    package = write_package(cluster.folder / "p.yaml", steps, settings.pop("declared", None))
    return cluster.run(package, settings or None)


def _path(name: str) -> str:
    return f"{{{{$.outputs.artifacts['{name}'].path}}}}"


def test_each_version_differs_from_the_one_before() -> None:
    fields = [field.name for field in dataclasses.fields(Kfp) if field.name != "name"]
    for older, newer in zip(VERSIONS, VERSIONS[1:], strict=False):
        assert any(getattr(older, name) != getattr(newer, name) for name in fields)


def test_a_log_is_an_output_from_2_5(cluster: Cluster) -> None:
    kfp = cluster.kfp
    code = (
        _SHOW + "import os; logs = out.get('artifacts', {}).get('executor-logs'); "
        f"assert bool(logs) == {kfp.publishes_logs}, out; print('said', flush=True); "
        "uri = logs and logs['artifacts'][0]['uri'].replace('minio://', "
        "os.environ['LIANXI_STAGING_ROOT'] + '/minio/'); "
        "assert not uri or open(uri).read() == 'said\\n'; "
        "assert not logs or logs['artifacts'][0]['type'] == {'schemaTitle': 'system.Artifact'}"
    )
    run = _run(cluster, {"one": step(code, "{{$}}")})
    assert run.succeeded, run.logs
    artifacts = run.outputs["one"].artifacts
    if not kfp.publishes_logs:
        assert not artifacts
        return
    logs = artifacts["executor-logs"]
    assert logs.type_name == "system.Artifact"
    assert logs.uri.endswith("/executor-logs-0" if kfp.numbers_logs else "/executor-logs")
    assert cluster.store.object_path(logs.uri).read_text(encoding="utf-8") == "said\n"


def test_what_is_empty_is_not_told(cluster: Cluster) -> None:
    code = (
        _SHOW + f"assert ('artifacts' in out) == {cluster.kfp.publishes_logs}, out; "
        "assert 'parameters' not in out, out; assert given['inputs'] == {}, given"
    )
    run = _run(cluster, {"one": step(code, "{{$}}")})
    assert run.succeeded, run.logs


def test_outputs_have_names_and_the_file_lies_with_them_from_2_15(cluster: Cluster) -> None:
    newer = cluster.kfp in (KFP_2_15, KFP_2_17)
    code = (
        _SHOW + "[model] = out['artifacts']['model']['artifacts']; "
        f"assert model.get('name') == ({newer} and 'model' or None), model; "
        "folder = out['outputFile'].rpartition('/')[0]; "
        f"assert folder.endswith(model['uri'].split('://')[1].rpartition('/')[0]) == {newer}, out; "
        f"assert folder.endswith('/tmp/kfp_outputs') != {newer}, out; "
        "assert 'metadata' not in model, model; "
        f"assert len(model['uri'].split('/')) == {9 if cluster.kfp is KFP_2_0 else 10}, model"
    )
    run = _run(cluster, {"one": step(code, "{{$}}", outputs=("model",))})
    assert run.succeeded, run.logs


def test_what_begins_alike_is_downloaded_beside_it_up_to_2_16(cluster: Cluster) -> None:
    reader = step(
        "import os, sys; model, _ = os.path.split(sys.argv[1]); "
        f"expected = ['model', 'model_run'] if {cluster.kfp.downloads_namesakes} else ['model']; "
        "assert sorted(os.listdir(model)) == expected, os.listdir(model); "
        "assert os.listdir(sys.argv[1]) == ['model']",
        "{{$.inputs.artifacts['model'].path}}",
        artifacts=("make.model",),
    )
    maker = step(_MAKE, _path("model"), _path("model_run"), outputs=("model", "model_run"))
    run = _run(cluster, {"make": maker, "read": reader})
    assert run.succeeded, run.logs


def test_claims_are_in_the_key_of_the_cache_from_2_15_and_variables_never(
    cluster: Cluster,
) -> None:
    def run(claim: str, variable: str, image: str) -> str:
        cluster.folder.mkdir(exist_ok=True)
        one = step("pass", cache=True)
        one["container"] |= {"image": image, "env": [{"name": "V", "value": variable}]}
        package = write_package(cluster.folder / "p.yaml", {"one": one})
        executor = {"pvcMount": [{"constant": claim, "mountPath": "/models"}]}
        platform = {"deploymentSpec": {"executors": {"one_executor": executor}}}
        with package.open("a", encoding="utf-8") as file:
            file.write("---\n" + yaml.safe_dump({"platforms": {"kubernetes": platform}}))
        return cluster.run(package).states["one"]

    newer = cluster.kfp in (KFP_2_15, KFP_2_17)
    assert run("a", "1", "i") == "succeeded"
    assert run("a", "2", "i") == "cached"
    assert run("b", "2", "i") == ("succeeded" if newer else "cached")
    assert run("b", "2", "j") == "succeeded"


def test_a_step_is_tried_again_from_2_5_in_a_new_pod(cluster: Cluster, tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; seen = pathlib.Path(sys.argv[1]); "
        "tried = len(seen.read_text().split()) if seen.exists() else 0; "
        "seen.open('a').write(sys.argv[2] + '\\n'); "
        "out = pathlib.Path(sys.argv[2]); assert not out.exists(), 'not new'; out.mkdir(); "
        "out.joinpath(str(tried)).write_text('x'); print('attempt', tried); "
        "sys.exit(tried < 2)"
    )
    seen = tmp_path / "seen"
    flaky = step(code, str(seen), _path("model"), outputs=("model",))
    flaky["task"]["retryPolicy"] = {"maxRetryCount": 2}
    run = _run(cluster, {"flaky": flaky})
    places = seen.read_text(encoding="utf-8").split()
    if not cluster.kfp.retries:
        assert run.states == {"flaky": "failed"} and len(places) == 1
        return
    assert run.states == {"flaky": "succeeded"}, run.logs
    assert run.attempts == {"flaky": 3} and len(places) == 3 and len(set(places)) == 1
    model = run.outputs["flaky"].artifacts["model"]
    assert [path.name for path in cluster.store.object_path(model.uri).iterdir()] == ["2"]
    kept = [each.uri for each in cluster.metadata.artifacts if "executor-logs" in each.uri]
    numbers = ["-0", "-1", "-2"] if cluster.kfp.numbers_logs else [""]
    assert [uri.rpartition("executor-logs")[2] for uri in kept] == numbers


def test_what_a_failed_step_said_is_kept_from_2_16(cluster: Cluster) -> None:
    run = _run(cluster, {"bad": step("import sys; sys.exit('error: no data')")})
    assert run.errors == {"bad": "error: no data"}
    kept = [cluster.store.object_path(each.uri) for each in cluster.metadata.artifacts]
    assert [path.read_text("utf-8") for path in kept] == (
        ["error: no data\n"] if cluster.kfp is KFP_2_17 else []
    )


def test_placeholders_of_the_run_are_known_from_2_5(cluster: Cluster) -> None:
    names = ("pipeline_task_name", "pipeline_job_uuid", "pipeline_job_create_time_utc")
    tell = step(
        "import sys; print(*sys.argv[1:])",
        *(f"{{{{$.inputs.parameters['{name}']}}}}" for name in names),
        inputs={name: constant(f"{{{{$.{name}}}}}", "STRING") for name in names},
    )
    [task, number, time] = _run(cluster, {"tell": tell}).logs["tell"].split()
    assert (task == "tell") == ("{{" not in number) == (cluster.kfp is not KFP_2_0)
    assert ("{{" not in time) == (cluster.kfp is KFP_2_17)


def test_the_first_word_of_a_command_has_placeholders_before_2_14(cluster: Cluster) -> None:
    one = step("", inputs={"program": constant("true", "STRING")})
    one["container"]["command"] = ["{{$.inputs.parameters['program']}}"]
    run = _run(cluster, {"one": one})
    assert run.succeeded == cluster.kfp.program_has_placeholders
    assert run.succeeded or "executable file not found" in run.errors["one"]


@pytest.mark.parametrize("is_optional", [True, False])
def test_parameters_without_value_and_default(make: MakeCluster, is_optional: bool) -> None:
    source = {"type": "STRING", "componentInputParameter": "of_run"}
    one = step("import sys; assert '{{' in sys.argv[1]", "{{$.inputs.parameters['text']}}")
    one["component"]["inputDefinitions"]["parameters"] = {
        "text": {"parameterType": "STRING", "isOptional": is_optional}
    }
    one["task"]["inputs"]["parameters"] = {
        "text": {key: value for key, value in source.items() if key != "type"}
    }
    declared = {"of_run": {"parameterType": "STRING", "isOptional": True}}
    errors = {
        kfp.name: _run(make(kfp), {"one": one}, declared=declared).errors.get("one", "")
        for kfp in (KFP_2_0, KFP_2_5, KFP_2_17)
    }
    null = "" if is_optional else "the resolved input parameter is null: 'text'"
    missing = "parent DAG does not have input parameter of_run"
    assert errors == {"2.0": missing, "2.5": null, "2.17": null}


def test_defaults_are_filled_in_for_placeholders_and_not_for_the_cache(cluster: Cluster) -> None:
    one = step("import sys; print(sys.argv[1])", "{{$.inputs.parameters['n']}}", cache=True)
    one["component"]["inputDefinitions"]["parameters"] = {
        "n": {"parameterType": "NUMBER_DOUBLE", "defaultValue": 1e-7, "isOptional": True}
    }
    assert _run(cluster, {"one": one}).logs["one"] == "0.0000001\n"
    one["component"]["inputDefinitions"]["parameters"]["n"]["defaultValue"] = 2.0
    assert _run(cluster, {"one": one}).states == {"one": "cached"}


def test_an_output_that_is_not_there_is_recorded_and_one_elsewhere_refused(
    cluster: Cluster,
) -> None:
    run = _run(cluster, {"one": step("pass", outputs=("model",))})
    assert run.succeeded and "model" in run.outputs["one"].artifacts
    elsewhere = {"artifacts": {"model": {"artifacts": [{"uri": "minio://mlpipeline/other"}]}}}
    code = (
        _SHOW + "import os; os.makedirs(os.path.dirname(out['outputFile']), exist_ok=True); "
        f"json.dump({elsewhere}, open(out['outputFile'], 'w'))"
    )
    run = _run(cluster, {"one": step(code, "{{$}}", outputs=("model",))})
    assert "does not have expected bucket prefix" in run.errors["one"]


def test_artifacts_carry_their_session_from_2_3_and_never_a_type(cluster: Cluster) -> None:
    code = (
        "import json, sys; a = json.loads(sys.argv[1])['inputs']['artifacts']['model']"
        "['artifacts'][0]; assert a['type'] == {'instanceSchema': ''}, a; "
        f"assert ('store_session_info' in a['metadata']) == {cluster.kfp is not KFP_2_0}, a"
    )
    reader = step(code, "{{$}}", artifacts=("make.model",))
    maker = step(_MAKE, _path("model"), outputs=("model",))
    run = _run(cluster, {"make": maker, "read": reader})
    assert run.succeeded, run.logs


def test_a_step_finds_the_store_that_the_version_brings(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _, _ = cluster.kfp.store_endpoint.partition(":")

    def look_up(host: str, *_: Any, **__: Any) -> list[Any]:
        if host != here:
            raise socket.gaierror(f"{host} is not known")
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    for name in ("AWS_ENDPOINT_URL", "MINIO_SERVICE_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    store_location._service.cache_clear()
    found = store_location.locate("minio://mlpipeline/data")
    store_location._service.cache_clear()
    assert found.endpoint == f"http://{cluster.kfp.store_endpoint}"
