"""Every task compiles into a package that KFP 2 takes, and two packages are what they were."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from kubeflow.compile.config import KubeflowConfig, load
from kubeflow.compile.package import Package
from kubeflow.compile.runner import compile_task
from modules.common.declaring.registry import load_task, task_names
from modules.common.runtime.errors import LianxiError, TaskError
from pipelines.builder import Options

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = Path(__file__).parent / "golden"
EXAMPLE = ROOT / "kubeflow/config.example.yaml"
# Digests change with every edit of the source.
DIGEST = re.compile(r"\b[0-9a-f]{16}\b")
STEPS = {
    "DataFingerprint", "ExampleGen", "StatisticsGen", "CuratedSchema", "ExampleValidator",
    "AnomalyGate", "Transform", "Trainer", "PushedVersion", "PushedModel", "Evaluator",
    "ServingValidator", "Pusher", "RunReport",
}  # fmt: skip
OWN_STEPS = {
    f"kubeflow.step.{name}" for name in ("data_fingerprint", "pushed_version", "run_report")
}
WRITE_GOLDEN = "LIANXI_WRITE_GOLDEN"


def parsed(package: Package) -> tuple[Any, Any]:
    """The PipelineSpec and its deployment configuration, as KFP's API server parses them."""
    document = next(yaml.load_all(package.text(), yaml.CSafeLoader))
    spec = json_format.ParseDict(document, pipeline_spec_pb2.PipelineSpec())
    deployment = pipeline_spec_pb2.PipelineDeploymentConfig()
    json_format.ParseDict(json_format.MessageToDict(spec.deployment_spec), deployment)
    return spec, deployment


def sources_of(task: Any) -> list[str]:
    found = [entry.task_output_artifact.producer_task for entry in task.inputs.artifacts.values()]
    found += [
        entry.task_output_parameter.producer_task
        for entry in task.inputs.parameters.values()
        if entry.HasField("task_output_parameter")
    ]
    return [*found, *task.dependent_tasks]


def check(package: Package, steps: set[str]) -> None:
    spec, deployment = parsed(package)
    assert spec.schema_version == "2.1.0"
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", spec.pipeline_info.name)
    tasks = spec.root.dag.tasks
    assert set(tasks) == set(package.steps) == steps
    seen: set[str] = set()
    for name in package.steps:
        assert set(sources_of(tasks[name])) <= seen, name
        seen.add(name)
        check_inputs(spec, tasks[name])
    for label, executor in deployment.executors.items():
        assert executor.WhichOneof("spec") == "container", label
        check_container(executor.container, spec.components[label.removesuffix("_executor")])
    here = {str(ROOT), os.getcwd(), os.path.expanduser("~"), "sqlite", "/tmp", "lianxi_runs"}
    text = package.text()
    assert not [place for place in here if place in text]


def check_inputs(spec: Any, task: Any) -> None:
    """Whatever a step is given is declared, and comes from something that is there."""
    component = spec.components[task.component_ref.name]
    assert set(task.inputs.parameters) == set(component.input_definitions.parameters)
    assert set(task.inputs.artifacts) == set(component.input_definitions.artifacts)
    for source in task.inputs.parameters.values():
        if source.component_input_parameter:
            assert source.component_input_parameter in spec.root.input_definitions.parameters
    for source in task.inputs.artifacts.values():
        producer = spec.components[source.task_output_artifact.producer_task]
        key = source.task_output_artifact.output_artifact_key
        assert key in producer.output_definitions.artifacts


def check_container(container: Any, component: Any) -> None:
    assert not container.HasField("lifecycle")
    assert container.image == "registry.example.com/lianxi:0.1.0"
    assert {each.name: each.value for each in container.env}["TF_USE_LEGACY_KERAS"] == "0"
    if container.command[-1] in OWN_STEPS:
        return
    assert list(container.command) == ["python", "-m", "kubeflow.step.entrypoint"]
    arguments = dict(zip(container.args[::2], container.args[1::2], strict=False))
    assert arguments["--json_serialized_invocation_args"] == "{{$}}"
    told = json.loads(arguments["--json_serialized_inputs_spec_args"])
    assert set(told.get("artifacts", {})) == set(component.input_definitions.artifacts)


@pytest.fixture(scope="module")
def config() -> KubeflowConfig:
    return load(str(EXAMPLE))


@pytest.mark.parametrize("name", task_names())
def test_every_task_compiles(name: str, config: KubeflowConfig) -> None:
    package = compile_task(load_task(name), config)
    check(package, STEPS)
    assert package.parameters == {"data": "/data/name_gender", "train_steps": 0}
    assert compile_task(load_task(name), config).text() == package.text()


@pytest.mark.parametrize("name", task_names())
def test_every_task_compiles_with_all_there_is(name: str, config: KubeflowConfig) -> None:
    task, tune = load_task(name), bool(load_task(name).search)
    options = Options(tune=tune, warm_start=True, cache=False)
    package = compile_task(task, config, smoke=True, options=options)
    check(package, STEPS | ({"Tuner"} if tune else set()))
    tasks = package.spec["root"]["dag"]["tasks"]
    assert not [task for task in tasks.values() if "cachingOptions" in task]
    base = tasks["Trainer"]["inputs"]["artifacts"]["base_model"]["taskOutputArtifact"]
    assert base["producerTask"] == "PushedModel"
    # What training begins with is found before there is a candidate.
    assert "artifacts" not in tasks["PushedVersion"]["inputs"]


def expect(path: Path, text: str) -> None:
    """`LIANXI_WRITE_GOLDEN=1 pytest` with the path of this file writes the files anew."""
    if os.environ.get(WRITE_GOLDEN):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["name_gender", "captcha_ocr"])
def test_the_package_is_what_it_was(name: str, config: KubeflowConfig) -> None:
    """The stacks differ in the SDK's version alone."""
    text = Package(spec=compile_task(load_task(name), config).spec).text()
    text = re.sub(r"(?<=sdkVersion: )tfx-\d+\.\d+\.\d+", "tfx-VERSION", text)
    expect(GOLDEN / f"{name}.yaml", DIGEST.sub("0" * 16, text))


def test_what_kubernetes_is_told_is_what_it_was(config: KubeflowConfig) -> None:
    platform = compile_task(load_task("name_gender"), config).platform
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    trainer = executors.pop("Trainer_executor")
    first, *others = executors.values()
    assert all(step == first for step in others)
    told = Package(spec={"Trainer": trainer, "others": first})
    expect(GOLDEN / "kubernetes.yaml", told.text())


def test_a_changed_setting_changes_only_what_depends_on_it(config: KubeflowConfig) -> None:
    task = load_task("name_gender")
    before = compile_task(task, config).spec["root"]["dag"]["tasks"]
    after = compile_task(task, config, {"epochs": "3"}).spec["root"]["dag"]["tasks"]
    assert {name for name in before if before[name] != after[name]} == {
        "Trainer",
        "RunReport",
    }


def test_what_looks_at_files_runs_each_time(config: KubeflowConfig) -> None:
    tasks = compile_task(load_task("name_gender"), config).spec["root"]["dag"]["tasks"]
    uncached = {name for name, task in tasks.items() if not task.get("cachingOptions")}
    assert uncached == {"DataFingerprint", "PushedVersion", "Pusher"}


def test_resources_and_platform(config: KubeflowConfig) -> None:
    package = compile_task(load_task("name_gender"), config)
    _, deployment = parsed(package)
    trainer = deployment.executors["Trainer_executor"].container.resources
    assert (trainer.cpu_limit, trainer.memory_limit) == (4, 16)
    assert (trainer.accelerator.type, trainer.accelerator.count) == ("nvidia.com/gpu", 1)
    reader = deployment.executors["ExampleGen_executor"].container.resources
    assert (reader.cpu_limit, reader.memory_limit, reader.accelerator.count) == (2, 4, 0)
    _, platform = yaml.safe_load_all(package.text())
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert set(executors) == set(deployment.executors)
    for step in executors.values():
        assert [each["mountPath"] for each in step["pvcMount"]] == ["/models", "/data"]
        assert step["secretAsEnv"][0]["keyToEnv"][0] == {
            "envVar": "AWS_ACCESS_KEY_ID",
            "secretKey": "accesskey",
        }
    assert package.spec["defaultPipelineRoot"] == "minio://mlpipeline/lianxi"


def test_without_settings_there_is_one_document() -> None:
    package = compile_task(load_task("name_gender"), KubeflowConfig())
    assert len(list(yaml.safe_load_all(package.text()))) == 1
    assert "defaultPipelineRoot" not in package.spec
    assert package.parameters["data"] == ""


def test_a_file_of_this_machine_is_refused(tmp_path: Path) -> None:
    font = tmp_path / "font.ttf"
    font.write_bytes(b"")
    with pytest.raises(LianxiError, match="the cluster does not see"):
        compile_task(load_task("id_number_ocr"), KubeflowConfig(), {"font": str(font)})


def test_a_misspelt_setting_is_answered() -> None:
    with pytest.raises(TaskError, match="did you mean 'epochs'"):
        compile_task(load_task("name_gender"), KubeflowConfig(), {"epoch": "3"})
