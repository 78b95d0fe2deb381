"""The step whose output KFP's page shows as a page."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from kfp.components import load_component_from_text

from kubeflow.compile.config import KubeflowConfig, Resources
from kubeflow.compile.report_step import STEP, add_run_report
from kubeflow.compile.runner import compile_task
from modules.common.declaring.registry import load_task
from pipelines.builder import Options

TASK = load_task("name_gender")


@pytest.fixture(scope="module")
def spec() -> dict[str, Any]:
    """A package's PipelineSpec."""
    config = KubeflowConfig(env={"A": "b"}, resources={STEP: Resources(memory_gb=3)})
    package = compile_task(TASK, config, {"epochs": "3"})
    load_component_from_text(package.text())
    return package.spec


def test_it_is_the_last_step_and_takes_what_the_report_is_made_of(spec: dict[str, Any]) -> None:
    step = spec["root"]["dag"]["tasks"][STEP]
    made = spec["components"][STEP]["outputDefinitions"]["artifacts"]
    assert made == {
        "report": {"artifactType": {"schemaTitle": "system.HTML", "schemaVersion": "0.0.1"}}
    }
    assert "Pusher" in step["dependentTasks"]
    taken = {name: each["taskOutputArtifact"] for name, each in step["inputs"]["artifacts"].items()}
    # Under the name that the package gives an output that begins like another.
    assert taken["model_run"] == {"producerTask": "Trainer", "outputArtifactKey": "run_of_model"}
    assert taken["model"] == {"producerTask": "Trainer", "outputArtifactKey": "model"}
    assert taken["infra_blessing"]["producerTask"] == "ServingValidator"
    for name, source in taken.items():
        outputs = spec["components"][source["producerTask"]]["outputDefinitions"]["artifacts"]
        declared = spec["components"][STEP]["inputDefinitions"]["artifacts"][name]
        assert declared["artifactType"] == outputs[source["outputArtifactKey"]]["artifactType"]
    # Where they come from the cache, so does the report.
    assert step["cachingOptions"] == {"enableCache": True}


def test_it_runs_as_the_configuration_says_and_knows_the_settings(spec: dict[str, Any]) -> None:
    container = spec["deploymentSpec"]["executors"][f"{STEP}_executor"]["container"]
    assert container["command"] == ["python", "-m", "kubeflow.step.run_report"]
    assert container["args"] == ["name_gender", "{{$}}"]
    assert {"name": "A", "value": "b"} in container["env"]
    assert container["resources"]["memoryLimit"] == 3
    [setting] = spec["root"]["dag"]["tasks"][STEP]["inputs"]["parameters"].values()
    assert '"epochs": 3' in setting["runtimeValue"]["constant"]


def test_a_package_without_cache_makes_it_each_time() -> None:
    package = compile_task(TASK, KubeflowConfig(), options=Options(cache=False))
    assert "cachingOptions" not in package.spec["root"]["dag"]["tasks"][STEP]


def test_what_is_no_task_s_whole_pipeline_has_none(spec: dict[str, Any], tmp_path: Path) -> None:
    for task, missing in (("", ""), ("name_gender", "Evaluator")):
        part = copy.deepcopy(spec)
        tasks = part["root"]["dag"]["tasks"]
        tasks.pop(STEP)
        tasks.pop(missing, None)
        add_run_report(part, task)
        assert STEP not in tasks
