"""Answers of Predict, Classify and Regress as JSON, in the layout of TensorFlow Serving.

Source: `tensorflow_serving/util/json_tensor.cc` (`MakeJsonFromTensors` and what follows),
RapidJSON's `prettywriter.h`. One difference: outputs come in the order of their names, in C++ in
that of a hash table.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow_serving.apis import classification_pb2, regression_pb2

from serving.calls.tensors import dtype_name, read_tensor
from serving.front.rest.layout import LINES, ONE_LINE, indent, join_nested
from serving.front.rest.numbers import decimal_texts
from serving.front.rest.text import invalid, quote

_BYTES_SUFFIX = "_bytes"
_ROW_MARK = "\0"
_WHOLE = (
    types_pb2.DT_INT32,
    types_pb2.DT_INT16,
    types_pb2.DT_INT8,
    types_pb2.DT_UINT8,
    types_pb2.DT_INT64,
    types_pb2.DT_UINT32,
    types_pb2.DT_UINT64,
)
_DECIMAL = (types_pb2.DT_FLOAT, types_pb2.DT_DOUBLE)

# Writes some of a tensor's values.
Writer = Callable[[np.ndarray], list[str]]


def write_rows(outputs: Mapping[str, tensor_pb2.TensorProto]) -> bytes:
    """Writes the answer to a request in row form.

    Args:
        outputs: Tensors of a Predict response.

    Returns:
        `{"predictions": […]}`, each an object if there are several outputs.

    Raises:
        ServingError: INVALID_ARGUMENT if outputs are no batches of one size, or of no JSON type.
    """
    _require_some(outputs)
    names = sorted(outputs)
    sizes: dict[str, int] = {}
    for name in names:
        dims = outputs[name].tensor_shape.dim
        if not dims:
            raise invalid(f"Tensor name: {name} has no shape information ")
        sizes[name] = dims[0].size
        if sizes[name] != sizes[names[0]]:
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {sizes[name]} expecting: "
                f"{sizes[names[0]]}"
            )
    if len(names) == 1:
        parts = _write_plain_rows(names[0], outputs[names[0]])
    else:
        parts = _write_object_rows(outputs)
    end = f"\n{indent(1)}]" if sizes[names[0]] else "]"
    return _encode(f'{{\n{indent(1)}"predictions": [', *parts, f"{end}\n}}")


def _write_plain_rows(name: str, tensor: tensor_pb2.TensorProto) -> Iterator[str]:
    dims = _dims(tensor)
    writer = _writer(name, tensor.dtype, len(dims) + 2)
    return join_nested(_values(name, tensor), dims, writer, ONE_LINE(2), ", ", is_open=True)


def _write_object_rows(outputs: Mapping[str, tensor_pb2.TensorProto]) -> Iterator[str]:
    columns = []
    for name in sorted(outputs):
        tensor = outputs[name]
        dims = _dims(tensor)
        writer = _writer(name, tensor.dtype, len(dims) + 3)
        parts = join_nested(
            _values(name, tensor), dims, writer, ONE_LINE(3), _ROW_MARK, is_open=True
        )
        columns.append((quote(name), _split(parts)))
    batch = _dims(next(iter(outputs.values())))[0]
    for row in range(batch):
        members = f",\n{indent(3)}".join(f"{name}: {next(texts)}" for name, texts in columns)
        start = "," if row else ""
        yield f"{start}\n{indent(2)}{{\n{indent(3)}{members}\n{indent(2)}}}"


def _split(parts: Iterator[str]) -> Iterator[str]:
    rest = ""
    for part in parts:
        *whole, rest = (rest + part).split(_ROW_MARK)
        yield from whole
    yield rest


def write_columns(outputs: Mapping[str, tensor_pb2.TensorProto]) -> bytes:
    """Writes the answer to a request in column form.

    Args:
        outputs: Tensors of a Predict response.

    Returns:
        `{"outputs": …}`, an object if there are several outputs.

    Raises:
        ServingError: INVALID_ARGUMENT if an output is of no JSON type.
    """
    _require_some(outputs)
    names = sorted(outputs)
    if len(names) == 1:
        column = _write_column(names[0], outputs[names[0]], 1)
        return _encode(f'{{\n{indent(1)}"outputs": ', *column, "\n}")
    parts = [f'{{\n{indent(1)}"outputs": {{']
    for name in names:
        parts.append(f"{',' if len(parts) > 1 else ''}\n{indent(2)}{quote(name)}: ")
        parts.extend(_write_column(name, outputs[name], 2))
    return _encode(*parts, f"\n{indent(1)}}}\n}}")


def _write_column(name: str, tensor: tensor_pb2.TensorProto, level: int) -> Iterator[str]:
    dims = _dims(tensor)
    writer = _writer(name, tensor.dtype, level + len(dims) + 1)
    return join_nested(_values(name, tensor), dims, writer, LINES(level))


def _require_some(outputs: Mapping[str, tensor_pb2.TensorProto]) -> None:
    if not outputs:
        raise invalid("Cannot convert empty tensor map to JSON")


def _dims(tensor: tensor_pb2.TensorProto) -> tuple[int, ...]:
    return tuple(dim.size for dim in tensor.tensor_shape.dim)


def _values(name: str, tensor: tensor_pb2.TensorProto) -> np.ndarray:
    return read_tensor(name, tensor, _dims(tensor)).ravel()


def _writer(name: str, dtype: int, level: int) -> Writer:
    """Chooses how values are written; `level` is the indent of what is within `{"b64": …}`."""
    if dtype in _DECIMAL:
        return decimal_texts
    if dtype in _WHOLE:
        return lambda values: list(map(str, values.tolist()))
    if dtype == types_pb2.DT_BOOL:
        return lambda values: ["true" if value else "false" for value in values.tolist()]
    if dtype != types_pb2.DT_STRING:
        raise invalid(f"Failed to write JSON value for tensor type: {dtype_name(dtype)}")
    if not name.endswith(_BYTES_SUFFIX):
        return lambda values: [quote(value.decode("utf-8", "surrogateescape")) for value in values]
    start, end = f'{{\n{indent(level)}"b64": "', f'"\n{indent(level - 1)}}}'
    return lambda values: [start + base64.b64encode(value).decode() + end for value in values]


def write_classifications(result: classification_pb2.ClassificationResult) -> bytes:
    """Writes the answer of Classify.

    Args:
        result: Classes and scores of each example.

    Returns:
        `{"results": [[["label", score], …], …]}`.

    Raises:
        ServingError: INVALID_ARGUMENT if there is none.
    """
    if not result.classifications:
        raise invalid("Cannot convert empty ClassificationResults to JSON")
    rows = []
    for one in result.classifications:
        scores = decimal_texts(np.array([each.score for each in one.classes], np.float32))
        pairs = (
            f"[{quote(each.label)}, {text}]" for each, text in zip(one.classes, scores, strict=True)
        )
        rows.append(f"[{', '.join(pairs)}]")
    return _encode(f'{{\n{indent(1)}"results": [', ", ".join(rows), f"\n{indent(1)}]\n}}")


def write_regressions(result: regression_pb2.RegressionResult) -> bytes:
    """Writes the answer of Regress.

    Args:
        result: The value of each example.

    Returns:
        `{"results": [value, …]}`.

    Raises:
        ServingError: INVALID_ARGUMENT if there is none.
    """
    if not result.regressions:
        raise invalid("Cannot convert empty RegressionResults to JSON")
    values = decimal_texts(np.array([each.value for each in result.regressions], np.float32))
    return _encode(f'{{\n{indent(1)}"results": [', ", ".join(values), "]\n}")


def write_error(message: str) -> bytes:
    """Writes what went wrong.

    Args:
        message: A line.

    Returns:
        `{"error": "…"}`.
    """
    return _encode(f'{{\n{indent(1)}"error": {quote(message)}\n}}')


def _encode(*parts: str) -> bytes:
    return b"".join(part.encode("utf-8", "surrogateescape") for part in parts)
