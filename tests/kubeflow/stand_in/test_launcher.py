"""The stand-in does what KFP does: order, values, files, metadata, cache, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from launcher import Cluster
from launcher_package import load
from launcher_packages import TYPE, constant, step, write_package
from launcher_store import StoreError

_WRITE = (
    "import json, os, sys; out, meta = sys.argv[1:3]; os.makedirs(out); "
    "open(out + '/file', 'w').write('text'); os.makedirs(out + '/empty'); "
    "os.makedirs(os.path.dirname(meta), exist_ok=True); "
    "json.dump({'artifacts': {'model': {'artifacts': [{'metadata': METADATA}]}}}, open(meta, 'w'))"
)
_META_FILE = (
    "import json, sys; given = json.loads(sys.argv[1]); "
    "sys.argv[1:] = [given['outputs']['artifacts']['model']['artifacts'][0]['uri']"
    ".replace('minio://', __import__('os').environ['LIANXI_STAGING_ROOT'] + '/minio/'), "
    "given['outputs']['outputFile']]; "
)


def _writer(metadata: str = "{'n': 3}", **options: Any) -> dict[str, Any]:
    code = _META_FILE + _WRITE.replace("METADATA", metadata)
    return step(code, "{{$}}", outputs=("model",), **options)


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path / "cluster")


def test_files_go_by_the_store_and_empty_folders_do_not(cluster: Cluster, tmp_path: Path) -> None:
    reader = step(
        "import os, sys; path = sys.argv[1]; assert os.listdir(path) == ['file'], "
        "os.listdir(path); assert open(path + '/file').read() == 'text'; "
        "assert os.listdir() == []",
        "{{$.inputs.artifacts['model'].path}}",
        artifacts=("write.model",),
    )
    run = cluster.run(write_package(tmp_path / "p.yaml", {"write": _writer(), "read": reader}))
    assert run.states == {"write": "succeeded", "read": "succeeded"}, run.errors
    assert not list((tmp_path / "cluster/pods").iterdir())


def test_input_artifacts_come_numbered_untyped_and_with_floats(
    cluster: Cluster, tmp_path: Path
) -> None:
    reader = step(
        "import json, sys; a = json.loads(sys.argv[1])['inputs']['artifacts']['model']"
        "['artifacts'][0]; assert a['name'] == '1' and a['type'] == {'instanceSchema': ''}, a; "
        "assert a['metadata']['n'] == 3.0 and a['metadata']['yes'] == 1.0, a; "
        "assert a['metadata']['list'] == {'list': [1]}, a; "
        "assert a['metadata']['display_name'] == 'model', a",
        "{{$}}",
        artifacts=("write.model",),
    )
    steps = {"write": _writer("{'n': 3, 'yes': True, 'list': [1]}"), "read": reader}
    run = cluster.run(write_package(tmp_path / "p.yaml", steps))
    assert run.succeeded, run.errors


def test_a_null_in_the_metadata_fails_the_step(cluster: Cluster, tmp_path: Path) -> None:
    run = cluster.run(write_package(tmp_path / "p.yaml", {"write": _writer("{'n': None}")}))
    assert run.states == {"write": "failed"}
    assert "unsupported value type" in run.errors["write"]


def test_parameters_are_substituted_checked_and_passed_on(cluster: Cluster, tmp_path: Path) -> None:
    tell = step(
        "import sys; assert sys.argv[1:] == ['7', '2.5', 'true', '{\"a\":[1]}', '9'], sys.argv; "
        "open(sys.argv[0] and 'x', 'w')",
        *(f"{{{{$.inputs.parameters['{name}']}}}}" for name in ("run", "x", "yes", "all", "text")),
        inputs={
            "run": {"type": "NUMBER_INTEGER", "componentInputParameter": "steps"},
            "x": constant(2.5, "NUMBER_DOUBLE"),
            "yes": constant(True, "BOOLEAN"),
            "all": constant({"a": [1]}, "STRUCT"),
            "text": {"type": "STRING", "taskOutputParameter": _OUTPUT},
        },
    )
    make = step(
        "import sys; open(sys.argv[1], 'w').write('9')",
        "{{$.outputs.parameters['count'].output_file}}",
        output_parameters={"count": "NUMBER_INTEGER"},
    )
    package = write_package(tmp_path / "p.yaml", {"tell": tell, "make": make}, _STEPS)
    run = cluster.run(package, {"steps": 7})
    assert run.states == {"make": "succeeded", "tell": "succeeded"}, run.errors


_OUTPUT = {"producerTask": "make", "outputParameterKey": "count"}
_STEPS = {"steps": {"parameterType": "NUMBER_INTEGER"}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "neither value nor default"),
        ({"steps": "7"}, "type mismatch"),
        ({"steps": 7, "stepps": 7}, "unknown parameters"),
    ],
)
def test_parameters_of_a_run_are_checked(
    cluster: Cluster, tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    package = write_package(tmp_path / "p.yaml", {"one": step("pass")}, _STEPS)
    with pytest.raises(StoreError, match=message):
        cluster.run(package, given)


@pytest.mark.parametrize(
    ("condition", "state"),
    [
        ("inputs.parameter_values['n'] == 3 && !(inputs.parameter_values['n'] > 5)", "succeeded"),
        ("inputs.parameter_values['n'] != 3 || false", "skipped"),
        ("int(inputs.parameter_values['n']) >= 4", "skipped"),
        ("inputs.artifacts['model'].artifacts[0].metadata['n'] == 3.0", "succeeded"),
    ],
)
def test_conditions(cluster: Cluster, tmp_path: Path, condition: str, state: str) -> None:
    conditional = step(
        "pass",
        inputs={"n": constant(3, "NUMBER_INTEGER")},
        artifacts=("write.model",),
        condition=condition,
    )
    steps = {"write": _writer(), "maybe": conditional, "then": step("pass", after=("maybe",))}
    run = cluster.run(write_package(tmp_path / "p.yaml", steps))
    assert run.states["maybe"] == state, run.errors
    assert run.states["then"] == ("succeeded" if state == "succeeded" else "omitted")


def test_after_a_failure_what_depends_is_left_out(cluster: Cluster, tmp_path: Path) -> None:
    steps = {
        "bad": step("import sys; print('error: no data', file=sys.stderr); sys.exit(1)"),
        "then": step("pass", after=("bad",)),
        "other": step("pass"),
    }
    run = cluster.run(write_package(tmp_path / "p.yaml", steps))
    assert run.states == {"bad": "failed", "then": "omitted", "other": "succeeded"}
    assert run.errors == {"bad": "error: no data"}


def test_the_cache_answers_until_a_value_changes(cluster: Cluster, tmp_path: Path) -> None:
    inputs = {"n": {"type": "NUMBER_INTEGER", "componentInputParameter": "steps"}}
    steps = {
        "write": _writer(cache=True, inputs=inputs),
        "read": step("pass", artifacts=("write.model",), cache=True),
        "always": step("pass"),
    }
    package = write_package(tmp_path / "p.yaml", steps, _STEPS)
    cluster.run(package, {"steps": 1})
    again = cluster.run(package, {"steps": 1})
    assert again.states == {"write": "cached", "read": "cached", "always": "succeeded"}
    changed = cluster.run(package, {"steps": 2})
    assert changed.states == {"write": "succeeded", "read": "succeeded", "always": "succeeded"}


def test_an_importer_brings_in_what_lies_there(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "seed").write_text("text", encoding="utf-8")
    cluster.store.upload(tmp_path / "seed", "gs://bucket/model/file")
    imported = step("", outputs=("model",))
    del imported["container"]
    uri = {"constant": "gs://bucket/model"}
    imported["importer"] = {"artifactUri": uri, "typeSchema": TYPE, "metadata": {"n": 3}}
    reader = step(
        "import sys; assert open(sys.argv[1] + '/file').read() == 'text'",
        "{{$.inputs.artifacts['model'].path}}",
        artifacts=("import.model",),
    )
    package = write_package(tmp_path / "p.yaml", {"import": imported, "read": reader})
    assert cluster.run(package).succeeded
    assert cluster.run(package).succeeded
    models = [each for each in cluster.metadata.artifacts if each.type_name == "tfx.Model"]
    assert len(models) == 1


def test_an_input_outside_of_a_store_fails_the_step(cluster: Cluster, tmp_path: Path) -> None:
    imported = step("", outputs=("model",))
    del imported["container"]
    imported["importer"] = {"artifactUri": {"constant": "/models/1"}, "typeSchema": TYPE}
    steps = {"import": imported, "read": step("pass", artifacts=("import.model",))}
    run = cluster.run(write_package(tmp_path / "p.yaml", steps))
    assert "unrecognized uri format: '/models/1'" in run.errors["read"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schemaVersion": "2.0.0"}, "takes schema 2.1.0"),
        ({"deploymentSpec": {"executors": {"one_executor": {"resolver": {}}}}}, "not implemented"),
    ],
)
def test_packages_that_kfp_refuses(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    package = write_package(tmp_path / "p.yaml", {"one": step("pass")})
    document = yaml.safe_load(package.read_text(encoding="utf-8")) | change
    package.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(StoreError, match=message):
        load(package)
