"""The last step of a task's package, RunReport: the report of the run, which KFP's page shows.

KFP shows an output of its type `system.HTML` as a page. The step takes the artifacts that the
report is made of, and begins when Pusher has ended; where these come from the cache, so does it.

Source: kubeflow/pipelines, frontend/src/components/viewers/MetricsVisualizations.tsx
(`getHtmlViewerConfig`): the file at the artifact's URI.
"""

from __future__ import annotations

import copy
from typing import Any

import yaml

Json = dict[str, Any]

STEP = "RunReport"
HTML_TYPE = {"schemaTitle": "system.HTML", "schemaVersion": "0.0.1"}
"""KFP's type of an output that is shown as a page."""

_TRAINER, _SETTINGS = "Trainer", "custom_config"
# What the report is made of: the step that makes it, and TFX's type.
_INPUTS = {
    "examples": ("ExampleGen", "tfx.Examples"),
    "statistics": ("StatisticsGen", "tfx.ExampleStatistics"),
    "anomalies": ("ExampleValidator", "tfx.ExampleAnomalies"),
    "model": (_TRAINER, "tfx.Model"),
    "model_run": (_TRAINER, "tfx.ModelRun"),
    "evaluation": ("Evaluator", "tfx.ModelEvaluation"),
    "blessing": ("Evaluator", "tfx.ModelBlessing"),
    "infra_blessing": ("ServingValidator", "tfx.InfraBlessing"),
}
_LAST = "Pusher"


def add_run_report(spec: Json, task: str) -> None:
    """Adds the step to a package that has all steps of a task's pipeline.

    Args:
        spec: The PipelineSpec; changed in place.
        task: Name of the task.
    """
    tasks, components = spec["root"]["dag"]["tasks"], spec["components"]
    producers = sorted({_LAST, *(step for step, _ in _INPUTS.values())})
    if not task or not set(producers) <= set(tasks):
        return
    keys = {name: _find_output(components, *where) for name, where in _INPUTS.items()}
    label = f"{STEP}_executor"
    components[STEP] = {
        "executorLabel": label,
        "inputDefinitions": {
            "artifacts": {
                name: {"artifactType": copy.deepcopy(_outputs(components, step)[keys[name]])}
                for name, (step, _) in _INPUTS.items()
            },
            "parameters": {_SETTINGS: {"parameterType": "STRING"}},
        },
        "outputDefinitions": {"artifacts": {"report": {"artifactType": dict(HTML_TYPE)}}},
    }
    executors = spec["deploymentSpec"]["executors"]
    executors[label] = {
        "container": {
            "image": executors[f"{_TRAINER}_executor"]["container"]["image"],
            "command": ["python", "-m", "kubeflow.step.run_report"],
            "args": [task, "{{$}}"],
        }
    }
    trained = tasks[_TRAINER]
    tasks[STEP] = {
        "taskInfo": {"name": STEP},
        "componentRef": {"name": STEP},
        "dependentTasks": producers,
        "inputs": {
            "artifacts": {
                name: {
                    "taskOutputArtifact": {"producerTask": step, "outputArtifactKey": keys[name]}
                }
                for name, (step, _) in _INPUTS.items()
            },
            "parameters": {_SETTINGS: copy.deepcopy(trained["inputs"]["parameters"][_SETTINGS])},
        },
    }
    if "cachingOptions" in trained:
        tasks[STEP]["cachingOptions"] = dict(trained["cachingOptions"])


def _take(step: str, key: str) -> Json:
    return {"taskOutputArtifact": {"producerTask": step, "outputArtifactKey": key}}


def _outputs(components: Json, step: str) -> Json:
    """Gives the types of a step's outputs by their names in the package."""
    declared = components[step]["outputDefinitions"]["artifacts"]
    return {name: each["artifactType"] for name, each in declared.items()}


def _find_output(components: Json, step: str, title: str) -> str:
    """Finds the name that a package has for a step's output of a type."""
    for name, kind in _outputs(components, step).items():
        schema = yaml.safe_load(kind.get("instanceSchema") or "{}")
        if schema.get("title") == title:
            return name
    raise LookupError(f"{step} has no output of type {title}")
