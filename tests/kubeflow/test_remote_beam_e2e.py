"""Steps whose Beam workers are elsewhere, and see what lies on a volume that all mount."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from remote_workers import portable_engine

from kubeflow.compile.config import parse
from kubeflow.compile.runner import compile_task
from modules.common.declaring.registry import load_task

pytestmark = pytest.mark.e2e

BEAM_STEPS = ("ExampleGen", "StatisticsGen", "Transform")
# The last two are given Beam's arguments too, and one has no outputs.
STEPS = ("CuratedSchema", *BEAM_STEPS, "ExampleValidator", "AnomalyGate")
RUN = "minio://mlpipeline/v2/artifacts/name-gender/7a1d6a53-4b0c-4a8e-8d0f-3c1f7a9b2e10"


class Pods:
    """Runs steps of a package one by one; the volume is a folder that plays `/`."""

    def __init__(self, spec: dict[str, Any], root: Path) -> None:
        self.spec = spec
        self.root = root
        self.made: dict[tuple[str, str], dict[str, Any]] = {}

    def run(self, step: str) -> subprocess.CompletedProcess[str]:
        component = self.spec["components"][step]
        executor = self.spec["deploymentSpec"]["executors"][component["executorLabel"]]
        container = executor["container"]
        given = self._executor_input(step, component)
        pod = self.root / "pods" / step
        pod.mkdir(parents=True)
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(pod),
            "TMPDIR": str(pod),
            "LIANXI_STAGING_ROOT": str(self.root),
            **{variable["name"]: variable["value"] for variable in container["env"]},
        }
        command = [sys.executable, *container["command"][1:], *container["args"]]
        command = [json.dumps(given) if argument == "{{$}}" else argument for argument in command]
        done = subprocess.run(
            command, cwd=pod, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{step}: {done.stderr[-5000:]}"
        written = json.loads(Path(given["outputs"]["outputFile"]).read_text("utf-8"))
        for name, entry in written["artifacts"].items():
            self.made[step, name] = entry["artifacts"][0]
        return done

    def _executor_input(self, step: str, component: dict[str, Any]) -> dict[str, Any]:
        task = self.spec["root"]["dag"]["tasks"][step]
        salt = f"{RUN}/{step}/{uuid.uuid4()}"
        artifacts = component.get("outputDefinitions", {}).get("artifacts", {})
        values: dict[str, Any] = {}
        for name, source in task["inputs"].get("parameters", {}).items():
            if "runtimeValue" in source:
                values[name] = source["runtimeValue"]["constant"]
            elif "componentInputParameter" in source:
                declared = self.spec["root"]["inputDefinitions"]["parameters"]
                values[name] = declared[source["componentInputParameter"]]["defaultValue"]
            else:
                values[name] = "none"
        read = {
            name: source["taskOutputArtifact"]
            for name, source in task["inputs"].get("artifacts", {}).items()
        }
        return {
            "inputs": {
                "parameterValues": values,
                "artifacts": {
                    name: _entry(**self.made[source["producerTask"], source["outputArtifactKey"]])
                    for name, source in read.items()
                },
            },
            "outputs": {
                "artifacts": {
                    name: _entry(f"{salt}/{name}", kind=about["artifactType"])
                    for name, about in artifacts.items()
                },
                "outputFile": str(self.root / salt.replace("://", "/") / "output_metadata.json"),
            },
        }


def _entry(
    uri: str, metadata: dict[str, Any] | None = None, kind: dict[str, Any] | None = None
) -> dict[str, Any]:
    type_ = kind or {"instanceSchema": ""}
    return {"artifacts": [{"uri": uri, "type": type_, "metadata": metadata or {}, "name": "1"}]}


def test_beam_works_elsewhere_on_a_shared_volume(tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    with portable_engine(tmp_path / "engine") as beam_args:
        config = parse(
            {
                "beam_args": beam_args,
                "pipeline_root": "minio://mlpipeline/v2/artifacts",
                "volumes": [{"claim": "staging", "path": "/minio"}],
            }
        )
        spec = compile_task(load_task("name_gender"), config, smoke=True).spec
        pods = Pods(spec, tmp_path)
        for step in STEPS:
            print(pods.run(step).stdout)
    run = tmp_path / RUN.replace("://", "/")
    assert not list(run.rglob(".lianxi"))
    written = [
        *run.glob("ExampleGen/*/examples/Split-train/*.gz"),
        *run.glob("StatisticsGen/*/statistics/Split-train/FeatureStats.pb"),
        *run.glob("Transform/*/transformed_examples/Split-train/*.gz"),
    ]
    assert {path.relative_to(run).parts[0] for path in written} == set(BEAM_STEPS)
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
