"""The tensors of a Predict request from its JSON, in row form and in column form.

Source: `tensorflow_serving/util/json_tensor.cc`, `FillPredictRequestFromJson`. One difference: an
input for which the signature has a default may be left out, as it may over gRPC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import predict_pb2

from serving.front.rest.json_values import RepeatedKeys
from serving.front.rest.nested import (
    Nested,
    is_base64,
    make_tensor,
    read_nested,
    read_uniform,
)
from serving.front.rest.text import RestError, debug_text, format_error, invalid

SIGNATURE_NAME, INSTANCES, INPUTS = "signature_name", "instances", "inputs"
_ONE_OF = (
    f"Not formatted correctly expecting only one of '{INPUTS}' or '{INSTANCES}' keys to exist "
)


def signature_name(document: dict[str, Any]) -> str:
    """Finds the signature that a request names.

    Args:
        document: The body.

    Returns:
        Its name, empty if there is none.

    Raises:
        ServingError: INVALID_ARGUMENT if it is no string.
    """
    name = document.get(SIGNATURE_NAME, "")
    if not isinstance(name, str):
        raise format_error(
            document, "not formatted correctly. 'signature_name' key must be a string value."
        )
    # A name that is not UTF-8 is no signature's; it must not break the message that says so.
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def fill_predict(
    document: dict[str, Any],
    signature: meta_graph_pb2.SignatureDef,
    request: predict_pb2.PredictRequest,
) -> bool:
    """Fills the inputs of a Predict request.

    Args:
        document: The body.
        signature: The signature that it asks for.
        request: Gets the inputs; numbers as `tensor_content`, strings as `string_val`.

    Returns:
        Whether the request is in row form, and wants its answer so.

    Raises:
        ServingError: The body does not fit the signature.
    """
    declared = signature.inputs
    if not declared:
        shown = request.model_spec.signature_name or "DEFAULT"
        raise invalid(f"Failed to get input map for signature: {shown}")
    if INSTANCES not in document:
        if INPUTS not in document:
            raise invalid("Missing 'inputs' or 'instances' key")
        _fill_columns(document[INPUTS], signature, request)
        return False
    if INPUTS in document:
        raise format_error(document, _ONE_OF)
    rows = document[INSTANCES]
    if not isinstance(rows, list):
        raise format_error(document, f"Expecting '{INSTANCES}' to be an list/array")
    if not rows:
        raise format_error(document, f"No values in '{INSTANCES}' array")
    for name, tensor in _read_rows(rows, signature).items():
        request.inputs[name].CopyFrom(tensor)
    return True


def _fill_columns(
    columns: Any, signature: meta_graph_pb2.SignatureDef, request: predict_pb2.PredictRequest
) -> None:
    declared = signature.inputs
    if not isinstance(columns, dict) or is_base64(columns):
        if len(declared) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        [name] = declared
        columns = {name: columns}
    for name in sorted(declared):
        if name in columns:
            nested = read_nested(columns[name], declared[name].dtype)
            request.inputs[name].CopyFrom(make_tensor(name, nested))
        elif name not in signature.defaults:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")


def _read_rows(
    rows: list[Any], signature: meta_graph_pb2.SignatureDef
) -> dict[str, tensor_pb2.TensorProto]:
    declared = signature.inputs
    if not isinstance(rows[0], dict) and len(declared) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    if not _is_object(rows[0]):
        name = min(declared)
        uniform = read_uniform(rows, declared[name].dtype)
        return {name: make_tensor(name, uniform or _read_plain_rows(rows, name, signature))}
    return _read_same_objects(rows, signature) or _read_objects(rows, signature)


def _is_object(row: Any) -> bool:
    return isinstance(row, dict) and not is_base64(row)


def _read_plain_rows(rows: list[Any], name: str, signature: meta_graph_pb2.SignatureDef) -> Nested:
    column = _Column(signature.inputs[name].dtype)
    for index, row in enumerate(rows):
        if _is_object(row):
            raise invalid(f"Expecting value/list but got object at item {index} of input list")
        try:
            column.add(row)
        except RestError as error:
            raise _failure(f"Failed to process element: {index}", error) from None
    return column.join()


def _read_same_objects(
    rows: list[Any], signature: meta_graph_pb2.SignatureDef
) -> dict[str, tensor_pb2.TensorProto]:
    """Reads each input of all rows at once; gives nothing where that cannot be done."""
    names = list(rows[0])
    if not _are_complete(names, signature):
        return {}
    for row in rows:
        if type(row) is not dict or len(row) != len(names):
            return {}
    tensors = {}
    for name in names:
        try:
            column = [row[name] for row in rows]
        except KeyError:
            return {}
        uniform = read_uniform(column, signature.inputs[name].dtype)
        if uniform is None:
            return {}
        tensors[name] = make_tensor(name, uniform)
    return tensors


def _are_complete(names: Iterable[str], signature: meta_graph_pb2.SignatureDef) -> bool:
    declared, sent = set(signature.inputs), set(names)
    return sent <= declared and declared - sent <= set(signature.defaults)


def _read_objects(
    rows: list[Any], signature: meta_graph_pb2.SignatureDef
) -> dict[str, tensor_pb2.TensorProto]:
    columns: dict[str, _Column] = {}
    # The message's own map takes only names that are UTF-8.
    declared = set(signature.inputs)
    first_names = set(rows[0])
    for index, row in enumerate(rows):
        if not _is_object(row):
            raise invalid(f"Expecting object but got list at item {index} of input list")
        for name, value in row.items():
            try:
                if name not in declared:
                    raise invalid(f"JSON object: does not have named input: {name}")
                columns.setdefault(name, _Column(signature.inputs[name].dtype)).add(value)
            except RestError as error:
                raise _failure(f"Failed to process element: {index} key: {name}", error) from None
        if isinstance(row, RepeatedKeys):
            # The repeated value makes a tensor of more values than its shape holds.
            raise invalid(f"tensor parsing error: {row.repeated}")
        if not _are_complete(row, signature) or set(row) != first_names:
            required = _required_names(first_names, signature)
            raise _keys_error(index, row, required)
    return {name: make_tensor(name, column.join()) for name, column in columns.items()}


def _required_names(
    first_names: Iterable[str], signature: meta_graph_pb2.SignatureDef
) -> list[str]:
    given = set(first_names) & set(signature.inputs)
    return sorted(given | (set(signature.inputs) - set(signature.defaults)))


def _keys_error(index: int, row: Mapping[str, Any], required: list[str]) -> RestError:
    return invalid(
        f"Failed to process element: {index} of 'instances' list. JSON object: {debug_text(row)} "
        f"keys must be equal to: {','.join(required)}"
    )


def _failure(what: str, error: RestError) -> RestError:
    return invalid(f"{what} of 'instances' list. Error: {error.code.name}: {error.message}")


class _Column:
    """The values of one input, row after row, which must be of one shape."""

    def __init__(self, dtype: int) -> None:
        self._dtype = dtype
        self._rows: list[Nested] = []

    def add(self, value: Any) -> None:
        """Reads the value of a row."""
        row = read_nested(value, self._dtype)
        if self._rows:
            expected = self._rows[0]
            if len(row.values) != len(expected.values):
                raise invalid(
                    f"Expecting tensor size: {len(expected.values)} but got: {len(row.values)}"
                )
            if row.dims != expected.dims:
                raise invalid(f"Expecting shape {_shape(expected)} but got: {_shape(row)}")
        self._rows.append(row)

    def join(self) -> Nested:
        """Puts the rows together; the first size of the shape is their number."""
        values = [value for row in self._rows for value in row.values]
        return Nested(self._dtype, (len(self._rows), *self._rows[0].dims), values)


def _shape(nested: Nested) -> str:
    return "[" + ",".join(map(str, nested.dims)) + "]"
