"""Files of conversations, line by line: which lines are what, and which cannot be used.

The characters of a file may be parted by `/`, which its lines vote on: in most of them about
every second character is one. A `/` that means itself is then written as a character of its own,
between two others. In a file that is not spelled so, every `/` stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from components.example_gen.dialogue.dialogue_lines import Tally, lines_of, too_long
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SET_ASIDE, Reject
from components.example_gen.text_files import encoding_of, other_format
from modules.common.dialogue.spelling import tidy
from modules.common.reading.text_encodings import describe_garbled

MAX_CONVERSATION_LINES = 1000
"""A longer conversation, such as a file without E, goes on as another: memory is bounded."""

Conversation = list[str | None]
"""Its lines in order; `None` in the place of one that cannot be used."""

_VOTES = 1000
_MAX_LINE_CHARS = 1 << 16
_SHOWN_LINES, _SHOWN_CHARS = 3, 20
_CHARACTER_AND_MARK = re.compile("(.)/")


@dataclass(frozen=True)
class Survey:
    """What the beginning of a file tells.

    Attributes:
        has_lines: Whether anyone says anything in it.
        is_slashed: Whether its characters are parted by `/`.
        fault: Where it has no lines, what was expected and what was found.
    """

    has_lines: bool
    is_slashed: bool = False
    fault: str = ""


def survey(path: str) -> Survey:
    """Reads the beginning of a file; all of a file in which nobody says anything.

    Args:
        path: The file.

    Raises:
        OSError: If it cannot be read.
    """
    if what := other_format(path):
        return Survey(False, fault=f"expected lines `M text`, after a line E; found {what}")
    begins: list[str] = []
    slashed = telling = 0
    has_lines = False
    for line, _ in lines_of(path, _MAX_LINE_CHARS):
        kind, text = _parse_line(line)
        if kind == "M":
            has_lines = True
            written = "".join(text.split())
            telling += len(written) > 1
            slashed += len(written) > 1 and 2 * written.count("/") >= len(written) - 1
            if telling == _VOTES:
                break
        elif line.strip() and len(begins) < _SHOWN_LINES:
            begins.append(_show(line))
    if has_lines:
        return Survey(True, 2 * slashed > telling)
    found = f"lines that begin {', '.join(begins)}" if begins else "no text at all"
    return Survey(False, fault=f"expected lines `M text`, after a line E; found {found}")


def conversations(
    path: str, is_slashed: bool, config: ReadConfig, tally: Tally | None = None
) -> Iterator[Conversation | Reject]:
    """Reads a file.

    Blank lines mean nothing, wherever they stand. Lines before the first E are a conversation.

    Args:
        path: The file.
        is_slashed: What `survey` says of it.
        config: Its settings have `max_chars`.
        tally: Counts the lines that are well, those that begin conversations among them.

    Yields:
        A reject for each line that cannot be used, and after its lines each conversation in which
        anyone says anything.
    """
    max_chars = config.settings.max_chars
    encoding = encoding_of(path)
    name = config.relative(path)
    conversation: Conversation = []
    tally = tally or Tally()
    limit = max(_MAX_LINE_CHARS, 4 * max_chars)
    for number, (line, is_cut) in enumerate(lines_of(path, limit), start=1):
        kind, text = _parse_line(line)
        if kind == "blank":
            continue
        tally.well += 1
        if kind == "E" or len(conversation) == MAX_CONVERSATION_LINES:
            if conversation:
                yield conversation
                conversation = []
            if kind == "E":
                continue
        text = tidy(_CHARACTER_AND_MARK.sub(r"\1", text) if is_slashed else text)
        fault = describe_garbled(line, encoding)
        if not fault and kind == "M" and text and not is_cut and len(text) <= max_chars:
            conversation.append(text)
            continue
        conversation.append(None)
        tally.well -= 1
        if fault or kind != "M":
            yield Reject(name, f"line {number}", fault or _not_the_layout(line))
        else:
            yield Reject(name, f"line {number}", _count_unused(text, is_cut, max_chars), SET_ASIDE)
    if conversation:
        yield conversation


def _parse_line(line: str) -> tuple[str, str]:
    """Kind of a line, `E`, `M`, `blank` or `?`, and what it says."""
    if line[:2] == "M ":
        return "M", line[2:]
    line = line.strip().lstrip("\ufeff")  # Joined files have marks in their midst.
    if line == "E" or line == "M":
        return line, ""
    if line[:1] == "M" and line[1].isspace():
        return "M", line[2:]
    return ("?" if line else "blank"), line


def _not_the_layout(line: str) -> str:
    return f"expected E alone, or M, a blank and a text; found {_show(line)}"


def _count_unused(text: str, is_cut: bool, max_chars: int) -> str:
    if not text and not is_cut:
        return "M with no text: nothing is said"
    return too_long(text, is_cut, max_chars)


def _show(line: str) -> str:
    line = line.strip()
    return repr(line if len(line) <= _SHOWN_CHARS else f"{line[:_SHOWN_CHARS]}…")
