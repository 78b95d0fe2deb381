"""Compiles a pipeline with TFX's KubeflowV2DagRunner and makes the package run on KFP 2.

TFX's runner is made for Vertex AI. The package that comes out of here differs from its output:

- Command of every step: `python -m kubeflow.step.entrypoint`. Arguments are TFX's own:
  `--executor_class_path`, `--json_serialized_invocation_args {{$}}`,
  `--json_serialized_inputs_spec_args`, then Beam's.
- Runtime parameters: `data` (text: where the data is; sample data where empty) and `train_steps`
  (whole number: at most so many training steps; by epochs where 0). Both have defaults.
  `train_steps` is a parameter of the steps Trainer and Tuner without being a property of TFX's
  executors: the entrypoint puts it into `train_args`.
- The data is found in the container, and sample data made there: the step ExampleGen is
  `kubeflow.step.ingest.LocatedExampleGen`, to which `data` goes.
- No resolvers: `components.pushed_model.PushedModel` copies the newest pushed version that is not
  the candidate itself into its output artifact. Where there is none, the artifact has the property
  `absent` = 1, and the entrypoint leaves it out of the inputs of the next step.
- No `lifecycle` hooks: KFP ignores them.
- KFP's cache does not see files. So the steps DataFingerprint and PushedVersion run each time: the
  one digests what is at `data` for ExampleGen, the other finds the version for PushedModel. Where
  nothing changed, all else comes from the cache and nothing is pushed.
- The pipeline is called like the task, with dashes; models go to `<models_dir>/<task>/<version>`.
- What only Kubernetes knows, such as volumes and secrets, is in a second YAML document
  (`kubeflow.compile.platform`).
- Names of outputs, and Evaluator's metrics for KFP's page: `kubeflow.compile.declared_outputs`. The
  report of the run for that page is a last step: `kubeflow.compile.report_step`.

Source: kubeflow/pipelines, backend/src/v2/compiler/argocompiler (what is compiled),
backend/src/v2/driver/driver.go (what is resolved), kubernetes_platform/proto.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
    KubeflowV2DagRunner,
    KubeflowV2DagRunnerConfig,
)
from tfx.orchestration.pipeline import Pipeline

from components.model_pusher import Pusher
from components.pushed_model import PushedModel
from kubeflow.compile import containers, declared_outputs, platform, report_step, value_steps
from kubeflow.compile.beam_engine import complete_arguments
from kubeflow.compile.config import KubeflowConfig
from kubeflow.compile.package import Package
from kubeflow.step.ingest import LocatedExampleGen
from modules.common.declaring.settings import Settings
from modules.common.declaring.task import Task, Value
from modules.common.runtime.errors import LianxiError
from pipelines.builder import Options, create_pipeline
from pipelines.environment import kubeflow_environment

COMMAND = ("python", "-m", "kubeflow.step.entrypoint")
DATA = "data"
TRAIN_STEPS = "train_steps"

_TRAINING_STEPS = ("Trainer", "Tuner")
_DESCRIPTIONS = {
    DATA: "Where the data is: a path in the container, or on a store; sample data where empty.",
    TRAIN_STEPS: "At most so many training steps; by epochs where 0.",
}


def compile_task(
    task: Task,
    config: KubeflowConfig,
    given: Mapping[str, str | Value] | None = None,
    *,
    smoke: bool = False,
    options: Options = Options(),  # noqa: B008 - frozen
) -> Package:
    """Compiles a task's pipeline.

    Args:
        task: The declaration.
        config: What the cluster looks like.
        given: Settings that differ from the task's defaults.
        smoke: Whether training is tiny.
        options: Whether to tune, to warm-start, to cache.

    Raises:
        LianxiError: For a setting that the task does not have, or that names a file of this
            machine, and for a step in the configuration that there is not.
    """
    settings = task.resolve(given or {}, smoke=smoke)
    _refuse_local_files(task, settings)
    beam_args = complete_arguments(config.beam_args, config.image)
    env = kubeflow_environment(config.models_dir, beam_args, smoke, config.keep_versions)
    data = RuntimeParameter(name=DATA, ptype=str, default=config.data)
    example_gen = LocatedExampleGen(task, data, settings).with_id("ExampleGen")
    options = Options(
        tune=options.tune,
        warm_start=options.warm_start,
        cache=options.cache and config.caching,
    )
    pipeline = create_pipeline(task, env, example_gen, settings, options)
    return compile_pipeline(pipeline, config, task.name)


def compile_pipeline(pipeline: Pipeline, config: KubeflowConfig, task: str = "") -> Package:
    """Compiles any TFX pipeline.

    Args:
        pipeline: Its name has small letters, digits and dashes.
        config: What the cluster looks like.
        task: Name of the task whose pipeline it is, if it is one's.

    Raises:
        ConfigError: Where the configuration names a step that there is not.
    """
    runner = KubeflowV2DagRunner(
        KubeflowV2DagRunnerConfig(
            default_image=config.image,
            default_commands=list(COMMAND),
            use_pipeline_spec_2_1=True,
        )
    )
    spec: dict[str, Any] = runner.run(pipeline, write_out=False)["pipelineSpec"]
    if config.pipeline_root:
        spec["defaultPipelineRoot"] = config.pipeline_root
    _add_train_steps(spec)
    declared_outputs.finish(spec, task)
    kinds = set(map(type, pipeline.components))
    report_step.add_run_report(spec, task)
    if LocatedExampleGen in kinds:
        value_steps.add_data_fingerprint(spec)
    if PushedModel in kinds:
        value_steps.add_pushed_version(spec)
    if Pusher in kinds:
        value_steps.run_each_time(spec, "Pusher")
    _set_defaults(spec, {DATA: config.data, TRAIN_STEPS: config.train_steps})
    containers.finish(spec, config, optional_steps=_TRAINING_STEPS)
    return Package(spec=spec, platform=platform.platform_spec(spec, config))


def _add_train_steps(spec: dict[str, Any]) -> None:
    """Hands the root's parameter `train_steps` to the steps that train."""
    root = spec["root"].setdefault("inputDefinitions", {}).setdefault("parameters", {})
    for name in _TRAINING_STEPS:
        if name not in spec["components"]:
            continue
        task = spec["root"]["dag"]["tasks"][name]
        task["inputs"]["parameters"][TRAIN_STEPS] = {"componentInputParameter": TRAIN_STEPS}
        container = spec["deploymentSpec"]["executors"][f"{name}_executor"]["container"]
        at = container["args"].index("--json_serialized_inputs_spec_args") + 1
        told = json.loads(container["args"][at])
        for parameters in (
            root,
            spec["components"][name]["inputDefinitions"]["parameters"],
            told["parameters"],
        ):
            parameters[TRAIN_STEPS] = {"parameterType": "NUMBER_INTEGER"}
        container["args"][at] = json.dumps(told, sort_keys=True)


def _set_defaults(spec: dict[str, Any], defaults: Mapping[str, Value]) -> None:
    """Gives the root's parameters defaults, which TFX leaves out, and words about them."""
    parameters = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for name, parameter in parameters.items():
        if name in defaults:
            parameter["defaultValue"] = defaults[name]
            parameter["isOptional"] = True
            parameter["description"] = _DESCRIPTIONS[name]


def _refuse_local_files(task: Task, settings: Settings) -> None:
    """Raises `LianxiError` where a setting names a file, which the cluster would not have."""
    for name in (each.name for each in task.declared if each.is_file):
        path = str(getattr(settings, name))
        if path and "://" not in path:
            raise LianxiError(
                f"{name}={path} names a file of this machine, which the cluster does not see; "
                "put it on an object store and give its URI, such as gs://bucket/file"
            )
