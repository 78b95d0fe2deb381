"""What a person gives as an input, as the model declares it."""

from __future__ import annotations

from typing import Any

import numpy as np

from lianxi_client.dtypes import BY_NAME, DType
from lianxi_client.errors import invalid_argument
from lianxi_client.model_info import TensorInfo


def cast_input(name: str, value: Any, declared: TensorInfo | None) -> tuple[np.ndarray, DType]:
    """Makes an array of an input.

    Args:
        name: Of the input.
        value: Anything NumPy takes.
        declared: What the model says of it; None if it is not known, then nothing is cast.

    Returns:
        The array, strings as bytes objects, and its dtype.

    Raises:
        ClientError: `INVALID_ARGUMENT` if it cannot be cast.
    """
    try:
        if declared is None:
            return _as_it_is(value)
        if declared.dtype == "string":
            return _encode(_objects(value)), BY_NAME["string"]
        if declared.dtype not in BY_NAME:
            raise TypeError("NumPy has no such dtype")
        return _cast(np.asarray(_without_bytes(value)), declared.dtype), BY_NAME[declared.dtype]
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise invalid_argument(f"input {name} must be {declared or 'an array'}; {error}") from None


def _as_it_is(value: Any) -> tuple[np.ndarray, DType]:
    array = np.asarray(_without_bytes(value))
    if array.dtype.kind in "OUS":
        return _encode(_objects(value)), BY_NAME["string"]
    if array.dtype.name not in BY_NAME:
        raise TypeError(f"TensorFlow has no dtype for {array.dtype}")
    return array, BY_NAME[array.dtype.name]


def _without_bytes(value: Any) -> Any:
    """Replaces bytes by an object array: NumPy's own bytes drop the NULs that end many files."""
    first = value
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    return _objects(value) if isinstance(first, (bytes, bytearray, memoryview)) else value


def _objects(value: Any) -> np.ndarray:
    if isinstance(value, np.ndarray):
        return value
    return np.asarray(_plain(value), dtype=object)


def _plain(value: Any) -> Any:
    # NumPy would take the bytes of a bytearray for numbers.
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return bytes(value) if isinstance(value, (bytearray, memoryview)) else value


def _encode(array: np.ndarray) -> np.ndarray:
    if array.size and array.dtype.kind not in "OUS":
        raise TypeError(f"got {array.dtype}")
    encoded = np.empty(array.size, object)
    for index, element in enumerate(array.ravel().tolist()):
        if isinstance(element, str):
            try:
                encoded[index] = element.encode("utf-8")
            except UnicodeEncodeError:
                raise ValueError(
                    "got text with half a surrogate pair, which no UTF-8 has"
                ) from None
        elif isinstance(element, (bytes, bytearray)):
            encoded[index] = bytes(element)
        elif isinstance(element, (list, tuple)):
            raise ValueError("got lists of different lengths")
        elif isinstance(element, (bool, int, float)):
            raise TypeError(f"got {np.asarray(element).dtype}")
        else:
            raise TypeError(f"got an element of type {type(element).__name__}")
    return encoded.reshape(array.shape)


def _cast(array: np.ndarray, name: str) -> np.ndarray:
    is_complex = name.startswith("complex")
    if array.dtype.kind not in ("biufc" if is_complex else "biuf"):
        raise TypeError(f"got {'text' if array.dtype.kind in 'US' else array.dtype}")
    dtype = np.dtype(np.float32 if name == "bfloat16" else name)
    if array.dtype == dtype:
        return array
    with np.errstate(invalid="ignore", over="ignore"):
        cast = array.astype(dtype)
    if dtype.kind in "biu":
        fits = np.array_equal(cast, array)
    else:
        fits = bool(np.all(np.isfinite(cast) == np.isfinite(array)))
    if not fits:
        raise ValueError("got numbers that do not fit")
    return cast


def check_name(what: str, name: Any, may_be_empty: bool = False) -> str:
    """Insists on a name that can be sent.

    Args:
        what: Of what, for the message.
        name: As given.
        may_be_empty: Whether none is one too.

    Returns:
        The name.

    Raises:
        ClientError: `INVALID_ARGUMENT` if it is none.
    """
    if not isinstance(name, str):
        raise invalid_argument(f"{what} must be text, found {type(name).__name__}")
    if not name and not may_be_empty:
        raise invalid_argument(f"{what} is empty")
    if not all(character.isprintable() for character in name):
        raise invalid_argument(f"{what} {name!r} has characters that no name has")
    return name
