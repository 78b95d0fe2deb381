"""Runtime parameters of a compiled pipeline, as a person gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from modules.common.runtime.errors import LianxiError, did_you_mean

_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def parse_parameters(pipeline_spec: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Reads values by the types that the pipeline declares, as KFP's API server asks for.

    Args:
        pipeline_spec: The spec of a pipeline version, alone or beside its platform spec.
        given: Parameter name to text.

    Returns:
        Parameter name to value: a number, a truth value, a text, a list or a mapping.

    Raises:
        LianxiError: For a name that the pipeline does not have, a value of another type, or a
            parameter without default that is not given.

    Source: validatePipelineJobInputs in kubeflow/pipelines,
        backend/src/apiserver/template/v2_template.go.
    """
    spec = pipeline_spec.get("pipeline_spec", pipeline_spec)
    root = spec.get("root") or {}
    declared = (root.get("inputDefinitions") or {}).get("parameters") or {}
    unknown = [name for name in given if name not in declared]
    if unknown:
        known = did_you_mean(unknown[0], declared) if declared else "it has none"
        raise LianxiError(f"the pipeline has no runtime parameter {unknown[0]!r}; {known}")
    missing = [
        name
        for name, about in declared.items()
        if name not in given and "defaultValue" not in about and not about.get("isOptional")
    ]
    if missing:
        raise LianxiError(
            f"the pipeline needs {', '.join(missing)}; give --runtime_parameter {missing[0]}=VALUE"
        )
    return {
        name: _value(name, text, str(declared[name].get("parameterType", "STRING")))
        for name, text in given.items()
    }


def _value(name: str, text: str, kind: str) -> Any:
    """Reads one value."""
    try:
        if kind == "NUMBER_INTEGER":
            return int(text)
        if kind == "NUMBER_DOUBLE":
            return float(text)
        if kind == "BOOLEAN":
            return _BOOLEANS[text.lower()]
        if kind in ("LIST", "STRUCT"):
            value = json.loads(text)
            if isinstance(value, list if kind == "LIST" else dict):
                return value
            raise ValueError
    except (ValueError, KeyError):
        wanted = kind.removeprefix("NUMBER_").lower()
        raise LianxiError(f"runtime parameter {name} is of type {wanted}; found {text!r}") from None
    return text
