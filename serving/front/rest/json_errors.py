"""What RapidJSON says of text that is no JSON, and where, found from what Python's reader says.

Source: RapidJSON's `reader.h` (the iterative parser) and `error/en.h`.
"""

from __future__ import annotations

import json
import re

_SPACE = re.compile(r"[ \t\n\r]*")
# A string of JSON, also one that does not end.
STRING = r'"(?:[^"\\]|\\.)*"?'
_MARKS = re.compile(STRING + r"|[\[\]{}]", re.DOTALL)
_HEX = r"[0-9a-fA-F]"
_ESCAPES = re.compile(
    rf"\\(?:u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}|(u[dD][89a-fA-F]{_HEX}{{2}})|.)",
    re.DOTALL,
)
_HALF_PAIR = re.compile(rf"\\u[dD][89abAB]..\\u(?!{_HEX}{{4}})")
_ESCAPED = re.compile(rf"\\u{_HEX}{{4}}")
_NUMBER_BEFORE = re.compile(r"[0-9.eE+-]*\Z")
_WORDS = {"t": "true", "f": "false", "n": "null", "N": "NaN", "I": "Infinity"}
# Text before an error is searched for the bracket around it no further than this.
_MAX_SEARCH_CHARS = 1 << 20
_MAX_NUMBER_CHARS = 400

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
_NO_FRACTION = "Miss fraction part in number."
_NO_EXPONENT = "Miss exponent in number."


def locate(error: json.JSONDecodeError) -> tuple[str, int]:
    """Finds what RapidJSON says of an error.

    Args:
        error: What Python says of it.

    Returns:
        The message, and the index of the character.
    """
    text = error.doc
    kind, at = error.msg, error.pos
    if kind.startswith("Unterminated string"):
        backslashes = len(text) - len(text.rstrip("\\"))
        return (_BAD_ESCAPE, len(text) - 1) if backslashes % 2 else (_NO_QUOTE, len(text))
    if kind.startswith("Invalid control"):
        return _BAD_ENCODING, at
    if kind.startswith("Invalid \\u"):
        at = text.rfind("\\", 0, at + 1)
        # Python wants more text after the digits before it looks at them.
        return (_NO_QUOTE, len(text)) if _ESCAPED.match(text, at) else (_BAD_HEX, at)
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
    number = _NUMBER_BEFORE.search(text[max(0, at - _MAX_NUMBER_CHARS) : at]).group()  # type: ignore[union-attr]
    if number[-1:].isdigit() and not re.search("[eE]", number):
        if "." not in number and re.match(r"\.(?!\d)", follows):
            return _NO_FRACTION, at + 1
        exponent = re.match(r"[eE][+-]?(?!\d)", follows)
        if exponent:
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
    words = _WORDS
    if text[at : at + 1] == "-":
        at += 1
        words = {key: word for key, word in words.items() if key in "NI"}
    word = words.get(text[at : at + 1], "")
    matched = 0
    while matched < len(word) and text[at + matched : at + matched + 1] == word[matched]:
        matched += 1
    return _INVALID, at + matched


def find_lone_surrogate(text: str, end: int) -> tuple[str, int] | None:
    """Finds half a pair of surrogates, which Python takes and RapidJSON does not.

    Args:
        text: JSON.
        end: Where to stop.

    Returns:
        The message, and the index of the character; None if there is none.
    """
    if "\\u" not in text:
        return None
    for match in _ESCAPES.finditer(text):
        if match.start() >= end:
            break
        if match.group(1):
            is_begun = _HALF_PAIR.match(text, match.start())
            return (_BAD_HEX if is_begun else _BAD_SURROGATE), match.start()
    return None
