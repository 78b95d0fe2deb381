"""Steps that look at files, which KFP's cache does not see, and give it values to compare.

On Vertex AI, TFX has a hook for this that runs before the cache is asked; KFP has none, but its
cache compares the values of parameters, those that earlier steps gave among them. So a step of its
own, which is never cached, goes before each component that reads what may have changed:

- DataFingerprint before ExampleGen: a digest of the data (`kubeflow.step.data_fingerprint`);
- PushedVersion before PushedModel: the newest pushed version (`kubeflow.step.pushed_version`).

Pusher itself runs each time: whether a version is still where it was pushed to only it can see, and
what is there it does not push again.

Source: kubeflow/pipelines, backend/src/v2/cacheutils/cache.go (`GenerateCacheKey`).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

DATA_FINGERPRINT = "DataFingerprint"
PUSHED_VERSION = "PushedVersion"

_TEXT = {"parameterType": "STRING"}
_READER = "ExampleGen"
_COPIER = "PushedModel"
_TRAINER = "Trainer"
_MODEL = "model"


def add_data_fingerprint(spec: Json) -> None:
    """Adds the step DataFingerprint to a package whose ExampleGen has a parameter `data`.

    Args:
        spec: The PipelineSpec; changed in place.
    """
    _add(spec, DATA_FINGERPRINT, "kubeflow.step.data_fingerprint", _READER, ["data"], "fingerprint")


def run_each_time(spec: Json, step: str) -> None:
    """Keeps a step of a package out of KFP's cache, where it does only what is left to do.

    Args:
        spec: The PipelineSpec; changed in place.
        step: Name of the step; nothing happens where there is no such.
    """
    spec["root"]["dag"]["tasks"].get(step, {}).pop("cachingOptions", None)


def add_pushed_version(spec: Json) -> None:
    """Adds the step PushedVersion to a package that has a PushedModel.

    The step is given Trainer's model, unless training itself begins with the pushed one.

    Args:
        spec: The PipelineSpec; changed in place.
    """
    tasks = spec["root"]["dag"]["tasks"]
    looked_at = ["models_dir", "task_name"]
    _add(spec, PUSHED_VERSION, "kubeflow.step.pushed_version", _COPIER, looked_at, "version")
    if _COPIER in tasks[_TRAINER].get("dependentTasks", []):
        return
    trained = spec["components"][_TRAINER]["outputDefinitions"]["artifacts"][_MODEL]
    component = spec["components"][PUSHED_VERSION]
    component["inputDefinitions"]["artifacts"] = {_MODEL: copy.deepcopy(trained)}
    tasks[PUSHED_VERSION]["inputs"]["artifacts"] = {
        _MODEL: {"taskOutputArtifact": {"producerTask": _TRAINER, "outputArtifactKey": _MODEL}}
    }
    tasks[PUSHED_VERSION]["dependentTasks"] = [_TRAINER]
    executor = spec["deploymentSpec"]["executors"][component["executorLabel"]]
    executor["container"]["args"].append(f"{{{{$.inputs.artifacts['{_MODEL}'].path}}}}")


def _add(
    spec: Json, step: str, module: str, reader: str, looked_at: Sequence[str], value: str
) -> None:
    """Adds a step.

    Args:
        spec: The PipelineSpec; changed in place.
        step: Name of the step.
        module: What it runs, with what it looks at and the file for the value as arguments.
        reader: The component that gets the value.
        looked_at: Parameters of the reader that the step has too.
        value: Parameter of the reader that the value becomes.
    """
    tasks, executors = spec["root"]["dag"]["tasks"], spec["deploymentSpec"]["executors"]
    reader_inputs = tasks[reader]["inputs"]["parameters"]
    label = f"{step}_executor"
    spec["components"][step] = {
        "executorLabel": label,
        "inputDefinitions": {"parameters": {name: dict(_TEXT) for name in looked_at}},
        "outputDefinitions": {"parameters": {value: dict(_TEXT)}},
    }
    executors[label] = {
        "container": {
            "image": executors[f"{reader}_executor"]["container"]["image"],
            "command": ["python", "-m", module],
            "args": [
                *(f"{{{{$.inputs.parameters['{name}']}}}}" for name in looked_at),
                f"{{{{$.outputs.parameters['{value}'].output_file}}}}",
            ],
        }
    }
    tasks[step] = {
        "taskInfo": {"name": step},
        "componentRef": {"name": step},
        "inputs": {"parameters": {name: copy.deepcopy(reader_inputs[name]) for name in looked_at}},
    }
    spec["components"][reader]["inputDefinitions"]["parameters"][value] = dict(_TEXT)
    reader_inputs[value] = {
        "taskOutputParameter": {"producerTask": step, "outputParameterKey": value}
    }
    tasks[reader]["dependentTasks"] = sorted({*tasks[reader].get("dependentTasks", []), step})
