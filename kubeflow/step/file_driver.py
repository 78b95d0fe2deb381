"""The driver's part of a file-based ExampleGen, run in the step itself.

On Vertex AI it is a hook before the cache; KFP knows none. It finds the latest span and version of
the data and fingerprints the files; what it finds goes into the executor's parameters and into the
metadata of the examples.

It is for packages of `runner.compile_pipeline` with TFX's own ExampleGens; the tasks' is
`kubeflow.step.ingest`, whose cache the step DataFingerprint invalidates. Here KFP decides about its
cache before the driver runs, so the fingerprint only tells which data was read.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tfx.components.example_gen import utils
from tfx.orchestration.kubeflow.v2.file_based_example_gen import driver
from tfx.types import standard_component_specs

from kubeflow.step.staging import check_readable
from modules.common.runtime.errors import DataError

INPUT_BASE = standard_component_specs.INPUT_BASE_KEY
_EXAMPLES = standard_component_specs.EXAMPLES_KEY


def is_file_based(inputs_spec: dict[str, Any]) -> bool:
    """Tells whether a component reads files that TFX's driver resolves."""
    return INPUT_BASE in inputs_spec.get("parameters", {})


def resolve(executor_input: dict[str, Any], inputs_spec: dict[str, Any]) -> None:
    """Runs TFX's driver and puts what it finds into `executor_input`.

    Args:
        executor_input: As `executor_io.for_tfx` makes it; changed in place.
        inputs_spec: The component's ComponentInputsSpec.

    Raises:
        DataError: If there is no data where `input_base` says.
    """
    values = executor_input["inputs"]["parameterValues"]
    folder = values[INPUT_BASE]
    check_readable(folder, ("gs://",))
    output_file = Path(executor_input["outputs"]["outputFile"])
    try:
        driver.main(
            argparse.Namespace(
                json_serialized_invocation_args=json.dumps(executor_input),
                json_serialized_inputs_spec_args=json.dumps(inputs_spec),
            )
        )
    except ValueError as error:
        raise DataError(f"no data in {folder}: {_first_line(error)}") from error
    found = json.loads(output_file.read_text(encoding="utf-8"))
    output_file.unlink()
    values.update(found["parameterValues"])
    [examples] = executor_input["outputs"]["artifacts"][_EXAMPLES]["artifacts"]
    [resolved] = found["artifacts"][_EXAMPLES]["artifacts"]
    examples.setdefault("metadata", {}).update(
        {key: value for key, value in resolved["metadata"].items() if value is not None}
    )
    # The executor's specification knows no span: as a whole number it must be declared.
    for name in (utils.SPAN_PROPERTY_NAME, utils.VERSION_PROPERTY_NAME):
        inputs_spec["parameters"].setdefault(name, {"parameterType": "NUMBER_INTEGER"})


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
