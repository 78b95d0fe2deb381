"""Puts the step DataFingerprint before ExampleGen, so that KFP's cache sees changed data.

On Vertex AI, TFX has a hook for this that runs before the cache is asked; KFP has none, but its
cache compares the values of parameters, those that earlier steps gave among them.

Source: kubeflow/pipelines, backend/src/v2/cacheutils/cache.go (`GenerateCacheKey`).
"""

from __future__ import annotations

import copy
from typing import Any

STEP = "DataFingerprint"
VALUE = "fingerprint"
_READER = "ExampleGen"
_DATA = "data"


def add(spec: dict[str, Any]) -> None:
    """Adds the step to a package whose ExampleGen has a parameter `data`.

    Args:
        spec: The PipelineSpec; changed in place.
    """
    tasks = spec["root"]["dag"]["tasks"]
    reader_inputs = tasks[_READER]["inputs"]["parameters"]
    label = f"{STEP}_executor"
    text = {"parameterType": "STRING"}
    spec["components"][STEP] = {
        "executorLabel": label,
        "inputDefinitions": {"parameters": {_DATA: dict(text)}},
        "outputDefinitions": {"parameters": {VALUE: dict(text)}},
    }
    spec["deploymentSpec"]["executors"][label] = {
        "container": {
            "image": spec["deploymentSpec"]["executors"][f"{_READER}_executor"]["container"][
                "image"
            ],
            "command": ["python", "-m", "kubeflow.fingerprint"],
            "args": [
                f"{{{{$.inputs.parameters['{_DATA}']}}}}",
                f"{{{{$.outputs.parameters['{VALUE}'].output_file}}}}",
            ],
        }
    }
    tasks[STEP] = {
        "taskInfo": {"name": STEP},
        "componentRef": {"name": STEP},
        "inputs": {"parameters": {_DATA: copy.deepcopy(reader_inputs[_DATA])}},
    }
    spec["components"][_READER]["inputDefinitions"]["parameters"][VALUE] = dict(text)
    reader_inputs[VALUE] = {
        "taskOutputParameter": {"producerTask": STEP, "outputParameterKey": VALUE}
    }
    tasks[_READER]["dependentTasks"] = sorted({*tasks[_READER].get("dependentTasks", []), STEP})
