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

from serving.front.rest_text import RestError, format_error, invalid

_BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(r"[ \t\n\r]*")
_KEY_ENDS = re.compile(rb'"\s*:')
_STRING = r'"(?:[^"\\]|\\.)*"?'
_MARKS = re.compile(_STRING + r"|[\[\]{}]", re.DOTALL)
_ODD_NUMBER = re.compile(r"-NaN|-?Inf(?!inity)")
_ODD_NUMBERS = re.compile(_STRING + r"|-NaN|-?Inf(?:inity)?", re.DOTALL)
_ESCAPES = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F])|.)", re.DOTALL)
_WORDS = {"t": "true", "f": "false", "n": "null", "N": "NaN", "I": "Infinity"}
# Text before an error is searched for the bracket around it no further than this.
_MAX_SEARCH_CHARS = 1 << 20

_EMPTY = "The document is empty."
_INVALID = "Invalid value."
_NO_NAME = "Missing a name for object member."
_NO_COLON = "Missing a colon after a name of object member."
_NO_COMMA_IN_OBJECT = "Missing a comma or '}' after an object member."
_NO_COMMA_IN_ARRAY = "Missing a comma or ']' after an array element."
_BAD_HEX = "Incorrect hex digit after \\u escape in string."
_BAD_SURROGATE = "The surrogate pair in string is invalid."
_BAD_ESCAPE = "Invalid escape character in string."
_NO_QUOTE = "Missing a closing quotation mark in string."
_BAD_ENCODING = "Invalid encoding in string."
_TOO_BIG = "Number too big to be stored in double."
_NO_FRACTION = "Miss fraction part in number."
_NO_EXPONENT = "Miss exponent in number."


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
        message, at = _locate(text, error)
        lone = _find_lone_surrogate(text, at)
        raise failure(*((_BAD_SURROGATE, lone) if lone >= 0 else (message, at))) from None
    except _NumberTooBig as error:
        raise failure(_TOO_BIG, text.find(str(error))) from None
    except RecursionError:
        raise invalid("JSON Parse error: the document is nested too deep") from None
    lone = _find_lone_surrogate(text, end)
    if lone >= 0:
        raise failure(_BAD_SURROGATE, lone)
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
    return "NaN" if found == "-NaN" else found.replace("Infinity", "Inf").replace("Inf", "Infinity")


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


def _find_lone_surrogate(text: str, end: int) -> int:
    if "\\u" not in text:
        return -1
    return next((m.start() for m in _ESCAPES.finditer(text, 0, end) if m.group(1)), -1)


def _locate(text: str, error: json.JSONDecodeError) -> tuple[str, int]:
    """Finds what RapidJSON says of an error, and at which character."""
    kind, at = error.msg, error.pos
    if kind.startswith("Unterminated string"):
        return _NO_QUOTE, len(text)
    if kind.startswith("Invalid control"):
        return _BAD_ENCODING, at
    if kind.startswith("Invalid \\u"):
        return _BAD_HEX, text.rfind("\\", 0, at + 1)
    if kind.startswith("Invalid \\escape"):
        return _BAD_ESCAPE, at
    if kind.startswith("Illegal trailing comma"):
        # Python 3.13 and later point at the comma, earlier ones at what follows.
        at += 1
    at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    if kind.startswith("Expecting property name") or kind.endswith("end of object"):
        return _NO_NAME, at
    if kind.startswith("Expecting ':'"):
        return _NO_COLON, at
    if kind.startswith("Expecting ','"):
        return _locate_after_value(text, at)
    return _locate_value(text, at)


def _locate_after_value(text: str, at: int) -> tuple[str, int]:
    follows = text[at : at + 3]
    if text[at - 1].isdigit() and re.match(r"\.(?!\d)", follows):
        return _NO_FRACTION, at + 1
    exponent = re.match(r"[eE][+-]?(?!\d)", follows)
    if text[at - 1].isdigit() and exponent:
        return _NO_EXPONENT, at + exponent.end()
    open_brackets = ["["]
    if at <= _MAX_SEARCH_CHARS:
        for mark in _MARKS.finditer(text, 0, at):
            if mark.group() in "[{":
                open_brackets.append(mark.group())
            elif mark.group() in "]}":
                open_brackets.pop()
    return (_NO_COMMA_IN_OBJECT if open_brackets[-1] == "{" else _NO_COMMA_IN_ARRAY), at


def _locate_value(text: str, at: int) -> tuple[str, int]:
    if not text[:at].strip(" \t\n\r") and text[at : at + 1] in ("", *"]},:"):
        return _EMPTY, at
    if text[at : at + 1] == "-":
        at += 1
    word = _WORDS.get(text[at : at + 1], "")
    matched = 0
    while matched < len(word) and text[at + matched : at + matched + 1] == word[matched]:
        matched += 1
    return _INVALID, at + matched
