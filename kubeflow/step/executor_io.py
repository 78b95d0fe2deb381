"""What KFP's launcher hands to a step and takes from it, and what TFX's executors make of it.

The launcher's ExecutorInput is JSON of the proto of that name, camelCase. TFX reads the same proto
but expects more than KFP writes:

- KFP gives input artifacts with an empty type (`{"instanceSchema": ""}`): it keeps none in its
  metadata. The component's own inputs specification, which TFX compiles into the arguments, has it.
- KFP names input artifacts by their number and output artifacts not at all. TFX makes an
  artifact's number of its name; without one, Evaluator fails. Here the URI names what has no name.
- URIs must be paths that TensorFlow can open; see `kubeflow.step.staging`.
- An input that is marked absent stands for none: KFP has no optional outputs.
- Outputs of KFP's own types (`system.*`) mean nothing to TFX. The log, `executor-logs`, is one that
  KFP 2.5 and later add to each step; the launcher made its file before the step began.

On the way back, the launcher merges URI and metadata of each output, and publishing fails at null.
What is not named stays as the driver made it: so nothing is said of the log, whose URI the launcher
of 2.17 changes with each attempt.

Source: kubeflow/pipelines, backend/src/v2/metadata/client.go (`GetOutputArtifactsByExecutionId`,
`ToRuntimeArtifact`), metadata/converter.go (`toRuntimeArtifact`, `StructValueToMLMDValue`),
driver/driver.go (`provisionOutputs`), component/launcher_v2.go (`mergeRuntimeArtifacts`,
`getLogWriter`, `qualifyExecutorLogsForRetry`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tfx.types.artifact import CUSTOM_PROPERTIES_PREFIX

from components.pushed_model import ABSENT
from kubeflow.step.outputs import is_of_kfp, rename
from kubeflow.step.staging import Staging, map_strings

Json = dict[str, Any]


def for_tfx(
    executor_input: Json,
    inputs_spec: Json,
    staging: Staging,
    names: Mapping[str, str] = MappingProxyType({}),
) -> Json:
    """Makes the ExecutorInput that TFX's executors can work with.

    Args:
        executor_input: What the launcher put in the place of `{{$}}`.
        inputs_spec: The component's ComponentInputsSpec.
        staging: Where the launcher put files.
        names: The package's name to TFX's, of outputs that have two.

    Returns:
        A copy: types filled in, absent inputs and outputs of KFP's own types left out, all
        artifacts named, URIs as paths.
    """
    result = copy.deepcopy(executor_input)
    inputs = result.setdefault("inputs", {})
    artifacts = inputs.get("artifacts", {})
    inputs["artifacts"] = {key: kept for key, kept in artifacts.items() if not _is_absent(kept)}
    if outputs := result.get("outputs", {}).get("artifacts"):
        kept = {key: entry for key, entry in outputs.items() if not is_of_kfp(entry)}
        result["outputs"]["artifacts"] = rename(kept, names)
    types = inputs_spec.get("artifacts", {})
    for key, artifact in _artifacts(inputs):
        if key in types:
            artifact["type"] = types[key]["artifactType"]
    for _, artifact in (*_artifacts(inputs), *_artifacts(result.get("outputs", {}))):
        artifact["name"] = artifact.get("name") or artifact["uri"]
        artifact["uri"] = staging.path(artifact["uri"])
    return result


def for_launcher(
    executor_output: Json,
    executor_input: Json,
    staging: Staging,
    names: Mapping[str, str] = MappingProxyType({}),
) -> Json:
    """Makes the output metadata that KFP's launcher can publish.

    Args:
        executor_output: What TFX's executor wrote.
        executor_input: What the launcher had given.
        staging: Where the launcher looks for files.
        names: As for `for_tfx`.

    Returns:
        A copy: staged paths as URIs again, no nulls, no names, no parameters but declared ones.
    """
    result = map_strings(copy.deepcopy(executor_output), staging.uri)
    back = {new: old for old, new in names.items()}
    result["artifacts"] = rename(result.get("artifacts", {}), back)
    for _, artifact in _artifacts(result):
        artifact.pop("name", None)
        artifact["metadata"] = {
            key: value for key, value in artifact.get("metadata", {}).items() if value is not None
        }
    declared = executor_input.get("outputs", {}).get("parameters", {})
    values = result.get("parameterValues", {})
    result["parameterValues"] = {name: values[name] for name in declared if name in values}
    return result


def output_counts(executor_output: Json) -> dict[str, float]:
    """Gives the numbers in the metadata of the outputs, by name, to tell a person."""
    return {
        name.removeprefix(CUSTOM_PROPERTIES_PREFIX): value
        for _, artifact in _artifacts(executor_output)
        for name, value in artifact.get("metadata", {}).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _artifacts(holder: Json) -> Iterator[tuple[str, Json]]:
    for key, entry in holder.get("artifacts", {}).items():
        for artifact in entry.get("artifacts", []):
            yield key, artifact


def _is_absent(entry: Json) -> bool:
    return any(artifact.get("metadata", {}).get(ABSENT) for artifact in entry.get("artifacts", []))
