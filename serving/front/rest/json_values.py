"""JSON of requests, read as RapidJSON reads it with the flags of TensorFlow Serving.

orjson reads what is valid JSON. What it refuses is read once more by Python's own reader, which can
be made to take what RapidJSON takes as well: NaN and infinities, strings that are not UTF-8,
keys that are repeated, a mark of byte order, anything at all after the first value. What neither
takes is refused in RapidJSON's words, with its count of bytes.

Source: `tensorflow_serving/util/json_tensor.cc` (`ParseJson`), RapidJSON's `reader.h` and
`error/en.h`.
"""

from __future__ import annotations

import collections
import json
import math
import re
from typing import Any

import orjson

from serving.front.rest.json_errors import STRING, find_lone_surrogate, locate
from serving.front.rest.text import RestError, format_error, invalid

_BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(r"[ \t\n\r]*")
_KEY_ENDS = re.compile(rb'"\s*:')
_ODD_NUMBER = re.compile(r"-NaN|-?Inf(?!i)")
_ODD_NUMBERS = re.compile(STRING + r"|-NaN|-?Inf(?:inity|(?!i))", re.DOTALL)
_LONGER = "inity"
_TOO_BIG = "Number too big to be stored in double."


class RepeatedKeys(dict[str, Any]):
    """An object in which a key comes more than once.

    As a dict it holds the first value of each key, which is the one RapidJSON finds.

    Attributes:
        last: The last value of each key.
        repeated: The first key that comes again.
    """

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        """Takes the members in order."""
        super().__init__(reversed(pairs))
        self.last = dict(pairs)
        counts = collections.Counter(key for key, _ in pairs)
        self.repeated = next(key for key, count in counts.items() if count > 1)


class _NumberTooBig(ValueError):
    """A number that no double holds."""


def parse_object(body: bytes) -> dict[str, Any]:
    """Reads the body of a request, which must be a JSON object.

    Args:
        body: The body.

    Returns:
        The object. Strings that are not UTF-8 hold their odd bytes as Python's `surrogateescape`
        does; an object in which a key is repeated is a `RepeatedKeys`.

    Raises:
        ServingError: INVALID_ARGUMENT, with what is wrong and where.
    """
    if not body:
        raise invalid("JSON Parse error: The document is empty")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = _parse_loosely(body)
    else:
        if _may_repeat_keys(body, value):
            value = _parse_loosely(body)
    if not isinstance(value, dict):
        raise format_error(value, "Is not object")
    return value


def _may_repeat_keys(body: bytes, value: Any) -> bool:
    """Compares the keys in the text with those that were kept."""
    if not isinstance(value, dict):
        return False
    written = sum(1 for _ in _KEY_ENDS.finditer(body))
    if written == len(value):
        return False
    kept = 0
    waiting: list[Any] = [value]
    while waiting:
        parent = waiting.pop()
        if isinstance(parent, dict):
            kept += len(parent)
            parent = parent.values()
        elif not parent or not isinstance(parent[0], (dict, list)):
            continue
        waiting.extend(child for child in parent if isinstance(child, (dict, list)))
    return written != kept


def _parse_loosely(body: bytes) -> Any:
    marked = len(_BOM) if body.startswith(_BOM) else 0
    # RapidJSON takes a NUL for the end of the text.
    text = body[marked:].partition(b"\0")[0].decode("utf-8", "surrogateescape")

    def failure(message: str, at: int) -> RestError:
        offset = marked + len(text[:at].encode("utf-8", "surrogateescape"))
        return invalid(f"JSON Parse error: {message} at offset: {offset}")

    start = _SPACE.match(text).end()  # type: ignore[union-attr]  # It matches the empty text too.
    try:
        value, end = _read(text, start)
    except json.JSONDecodeError as error:
        message, at = locate(error)
        if error.doc is not text:
            at = _before_spelling(text, at)
        raise failure(*(find_lone_surrogate(text, at) or (message, at))) from None
    except _NumberTooBig as error:
        raise failure(_TOO_BIG, text.find(str(error))) from None
    except RecursionError:
        raise invalid("JSON Parse error: the document is nested too deep") from None
    lone = find_lone_surrogate(text, end)
    if lone is not None:
        raise failure(*lone)
    return value


def _read(text: str, start: int) -> tuple[Any, int]:
    decoder = json.JSONDecoder(
        object_pairs_hook=_make_object, parse_int=_read_int, parse_float=_read_float
    )
    try:
        return decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        if error.msg != "Expecting value" or not _ODD_NUMBER.match(text, error.pos):
            raise
    return decoder.raw_decode(_ODD_NUMBERS.sub(_spell_number, text), start)


def _spell_number(match: re.Match[str]) -> str:
    found = match.group()
    if found.startswith('"'):
        return found
    if found.endswith("Inf"):
        return found + _LONGER
    return found.replace("-NaN", " NaN")


def _before_spelling(text: str, at: int) -> int:
    """Finds where a place was before the numbers were spelt out."""
    longer = 0
    for match in _ODD_NUMBERS.finditer(text):
        if match.start() + longer >= at:
            break
        if match.group().endswith("Inf"):
            longer += len(_LONGER)
    at -= longer
    # The space in the place of the sign was passed over.
    return at - 1 if text[at - 1 : at + 3] == "-NaN" else at


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else RepeatedKeys(pairs)


def _read_int(digits: str) -> int | float:
    # Python counts digits before it reads them, so longer ones are not read as whole numbers.
    if len(digits) <= 20:
        number = int(digits)
        if -(2**63) <= number < 2**64:
            return number
    return _read_float(digits)


def _read_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _NumberTooBig(digits)
    return number
