"""What is typed and printed, in terminals and pipes of any encoding."""

from __future__ import annotations

import codecs
import io
import json
import sys
from collections.abc import Iterator
from typing import Any

from modules.common.runtime.errors import LianxiError

_BYTE_ORDER_MARK = "\ufeff"


def be_lenient() -> None:
    """Has nothing that is typed or printed end a command for want of a character.

    What a terminal cannot show is printed by its number, as Python writes it in a literal. What is
    read is text in the terminal's encoding, UTF-8 where that knows only ASCII.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stdin, io.TextIOWrapper):
        if codecs.lookup(sys.stdin.encoding).name == "ascii":
            sys.stdin.reconfigure(encoding="utf-8")


def read_typed_lines() -> Iterator[str]:
    """Gives the lines of standard input, without their ends and without a byte order mark.

    Bytes that are no text are kept, so that `check_text` can name the line.
    """
    if isinstance(sys.stdin, io.TextIOWrapper):
        # One line that is no text must not end the others.
        sys.stdin.reconfigure(errors="surrogateescape")
    for number, line in enumerate(sys.stdin):
        text = line.rstrip("\r\n")
        yield text if number else text.removeprefix(_BYTE_ORDER_MARK)


def check_text(text: str) -> None:
    """Raises `LianxiError` for what was typed and is no text."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise LianxiError("expected text in UTF-8, found bytes that are none") from error


def json_line(value: Any) -> str:
    """Gives a value as JSON for standard output: its characters, or their numbers, as JSON has."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return json.dumps(value)
    return line
