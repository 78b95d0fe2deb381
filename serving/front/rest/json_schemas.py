"""JSON schemas of the tensors of a signature."""

from __future__ import annotations

from typing import Any

from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import meta_graph_pb2

Schema = dict[str, Any]
_BASE64 = {"$ref": "#/components/schemas/Base64"}
_WHOLE = {
    types_pb2.DT_INT8: (-(2**7), 2**7 - 1),
    types_pb2.DT_INT16: (-(2**15), 2**15 - 1),
    types_pb2.DT_INT32: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT64: (-(2**63), 2**63 - 1),
    types_pb2.DT_UINT8: (0, 2**8 - 1),
    types_pb2.DT_UINT32: (0, 2**32 - 1),
    types_pb2.DT_UINT64: (0, 2**64 - 1),
}
_DECIMAL = {types_pb2.DT_FLOAT: "float", types_pb2.DT_DOUBLE: "double"}
_DEFAULT_SIGNATURE = "serving_default"
_FEATURE = {
    "anyOf": [
        {"type": "number"},
        {"type": "boolean"},
        {"type": "string"},
        _BASE64,
    ]
}
SHARED: dict[str, Schema] = {
    "Error": {
        "type": "object",
        "properties": {"error": {"type": "string"}},
        "required": ["error"],
    },
    "Base64": {
        "type": "object",
        "description": "Bytes that are no text, such as a picture.",
        "properties": {"b64": {"type": "string", "contentEncoding": "base64"}},
        "required": ["b64"],
        "additionalProperties": False,
    },
    "Example": {
        "type": "object",
        "description": "Features of a tf.Example: whole numbers, true and false are int64, other "
        "numbers float, texts bytes.",
        "additionalProperties": {"anyOf": [_FEATURE, {"type": "array", "items": _FEATURE}]},
    },
}
RESULTS: dict[str, Schema] = {
    "classify": {
        "type": "object",
        "properties": {
            "results": {
                "type": "array",
                "items": {
                    "type": "array",
                    "items": {
                        "type": "array",
                        "prefixItems": [{"type": "string"}, {"type": "number"}],
                        "minItems": 2,
                        "maxItems": 2,
                    },
                },
            }
        },
        "required": ["results"],
    },
    "regress": {
        "type": "object",
        "properties": {"results": {"type": "array", "items": {"type": "number"}}},
        "required": ["results"],
    },
}


def _value(dtype: int, name: str, is_output: bool) -> Schema:
    if dtype in _WHOLE:
        lowest, highest = _WHOLE[dtype]
        return {"type": "integer", "minimum": lowest, "maximum": highest}
    if dtype in _DECIMAL:
        return {"type": "number", "format": _DECIMAL[dtype]}
    if dtype == types_pb2.DT_BOOL:
        return {"type": "boolean"}
    if dtype != types_pb2.DT_STRING:
        return {"description": f"{types_pb2.DataType.Name(dtype)} cannot be said in JSON"}
    if is_output:
        return _BASE64 if name.endswith("_bytes") else {"type": "string"}
    return {"anyOf": [{"type": "string"}, _BASE64]}


def tensor_schema(
    name: str, info: meta_graph_pb2.TensorInfo, is_output: bool = False, in_rows: bool = False
) -> Schema:
    """Makes the schema of a tensor.

    Args:
        name: Its name in the signature.
        info: Its dtype and shape.
        is_output: Whether it comes back.
        in_rows: Whether it is the part of one example.

    Returns:
        Nested arrays, of the sizes that are known; anything if the rank is not.
    """
    if info.tensor_shape.unknown_rank:
        return {"description": f"{types_pb2.DataType.Name(info.dtype)} of any shape"}
    schema = _value(info.dtype, name, is_output)
    sizes = [dim.size for dim in info.tensor_shape.dim]
    for size in reversed(sizes[1:] if in_rows else sizes):
        bounds = {} if size < 0 else {"minItems": size, "maxItems": size}
        schema = {"type": "array", "items": schema} | bounds
    return schema


def predict_requests(name: str, signature: meta_graph_pb2.SignatureDef) -> list[Schema]:
    """Makes the schemas of Predict's bodies: column form and, for batches, row form.

    Args:
        name: Name of the signature.
        signature: The signature.
    """
    infos = signature.inputs
    required = sorted(set(infos) - set(signature.defaults))
    columns = _object({key: tensor_schema(key, infos[key]) for key in sorted(infos)}, required)
    rows = _object(
        {key: tensor_schema(key, infos[key], in_rows=True) for key in sorted(infos)}, required
    )
    if len(infos) == 1:
        [(key, info)] = infos.items()
        columns = {"anyOf": [tensor_schema(key, info), columns]}
        rows = {"anyOf": [tensor_schema(key, info, in_rows=True), rows]}
    forms = [_body(name, "inputs", columns)]
    if _are_batches(infos):
        forms.append(_body(name, "instances", {"type": "array", "items": rows, "minItems": 1}))
    return forms


def predict_answers(name: str, signature: meta_graph_pb2.SignatureDef) -> list[Schema]:
    """Makes the schemas of Predict's answers, in the same two forms.

    Args:
        name: Name of the signature.
        signature: The signature.
    """
    infos = signature.outputs
    names = sorted(infos)
    columns = _object({key: tensor_schema(key, infos[key], True) for key in names}, names)
    rows = _object({key: tensor_schema(key, infos[key], True, True) for key in names}, names)
    if len(names) == 1:
        [key] = names
        columns = tensor_schema(key, infos[key], True)
        rows = tensor_schema(key, infos[key], True, True)
    forms = [_object({"outputs": columns}, ["outputs"], f"Of {name}, column form")]
    if _are_batches(infos):
        predictions = {"predictions": {"type": "array", "items": rows}}
        forms.append(_object(predictions, ["predictions"], f"Of {name}, row form"))
    return forms


def examples_request(name: str) -> Schema:
    """Makes the schema of the bodies of Classify and Regress.

    Args:
        name: Name of the signature.
    """
    example = {"$ref": "#/components/schemas/Example"}
    body = _body(name, "examples", {"type": "array", "items": example, "minItems": 1})
    body["properties"]["context"] = example
    return body


def _are_batches(infos: Any) -> bool:
    return all(info.tensor_shape.unknown_rank or info.tensor_shape.dim for info in infos.values())


def _object(properties: dict[str, Schema], required: list[str], title: str = "") -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "required": required}
    return schema | {"title": title} if title else schema


def _body(name: str, key: str, value: Schema) -> Schema:
    required = [key] if name == _DEFAULT_SIGNATURE else ["signature_name", key]
    properties = {"signature_name": {"const": name}, key: value}
    return _object(properties, required, f"{name}, {key}")
