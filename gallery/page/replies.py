"""A reply of a model, and what of it is words, numbers and small curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from gallery.drawing.axes import write_number
from gallery.drawing.lines import Line, draw_lines
from gallery.page import html
from gallery.page.forms import Question
from modules.common.asking.asking import Answer, Asker, Request
from modules.common.declaring.fields import Field

_FEW_NUMBERS = 3
_BARS = ("label", "labels")
_SHOWN = ("picture", "pictures", "sound", "piano_roll", "forecast")


@dataclass(frozen=True)
class Reply:
    """An answer with what it answers.

    Attributes:
        question: As it was asked.
        request: As it was sent.
        answer: Arrays by the names of the outputs.
        folder: Where files of it are kept until the browser has them.
    """

    question: Question
    request: Request
    answer: Answer
    folder: Path

    @property
    def asker(self) -> Asker:
        """Who was asked."""
        return self.question.asker

    @property
    def rows(self) -> int:
        """How many examples were asked about."""
        return len(next(iter(self.answer.values()), []))

    def write(self, contents: bytes, name: str) -> str:
        """Writes a file that a part shows; gives its path."""
        path = self.folder / name
        path.write_bytes(contents)
        return str(path)


def value_of(reply: Reply, field: Field, row: int = 0) -> Any:
    """Gives an output of an example, text as text."""
    value = reply.answer[field.name][row]
    if isinstance(value, bytes) and field.kind not in ("picture", "sound", "pictures"):
        return value.decode("utf-8", "replace")
    return value


def texts_of(values: Any) -> list[str]:
    """Gives texts as text."""
    return [
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for value in values
    ]


def title_of(field: Field) -> str:
    """Gives what a person calls a field, as it begins a line."""
    return f"{field.called[:1].upper()}{field.called[1:]}"


def list_facts(reply: Reply, row: int, is_alone: bool = True) -> list[tuple[str, str]]:
    """Says the outputs of an example that are words and numbers.

    Args:
        reply: The answer.
        row: Which example.
        is_alone: Whether labels with probabilities are shown as bars elsewhere.

    Returns:
        Name and value, as HTML.
    """
    outputs = [field for field in reply.asker.outputs if field.name in reply.answer]
    found = []
    for field in outputs:
        own = [each for each in outputs if each.of == field.name]
        has_bars = any(each.kind in ("probability", "probabilities") for each in own)
        if field.of or field.kind in _SHOWN or (field.kind in _BARS and is_alone and has_bars):
            continue
        found.append((field.called, _word(reply, field, own, row)))
    return found


def _word(reply: Reply, field: Field, own: Sequence[Field], row: int) -> str:
    """Says one output as HTML."""
    value = value_of(reply, field, row)
    unit = f" {escape(field.unit)}" if field.unit else ""
    if field.kind == "texts":
        return _wordtexts_of(reply, field, own, row)
    if field.kind == "switch":
        return "yes" if value else "no"
    if field.kind == "share":
        return f"{float(value):.0%}"
    if field.is_number and not field.shape:
        band = next((word for least, word in reversed(field.bands) if value >= least), "")
        return f"{write_number(float(value))}{unit}" + (
            f" <em>({escape(band)})</em>" if band else ""
        )
    if field.is_number:
        return _word_numbers(reply, field, np.ravel(value))
    said = f'<strong lang="und">{escape(str(value)) or "(nothing)"}</strong>{unit}'
    for each in own:
        chances = reply.answer[each.name][row]
        if each.kind == "probability":
            said += f' <span class="quiet">{float(chances):.1%}</span>'
        elif each.kind == "probabilities" and not each.choices and str(value):
            said += html.characters(str(value), [float(share) for share in chances])
        elif each.kind == "probabilities" and each.choices:
            said += f' <span class="quiet">{float(np.max(chances)):.1%}</span>'
    return said


def _word_numbers(reply: Reply, field: Field, numbers: np.ndarray) -> str:
    """A curve for many numbers, words for few."""
    if len(numbers) < _FEW_NUMBERS:
        return ", ".join(write_number(float(number)) for number in numbers)
    line = Line(name=field.called, xs=range(1, len(numbers) + 1), ys=[float(n) for n in numbers])
    return draw_lines(title_of(field), [line], "step")


def _wordtexts_of(reply: Reply, field: Field, own: Sequence[Field], row: int) -> str:
    scores = next((each for each in own if each.is_number), None)
    texts = texts_of(reply.answer[field.name][row])
    marks = reply.answer[scores.name][row] if scores else [None] * len(texts)
    rows = [
        [f'<span lang="und">{escape(text)}</span>', "" if mark is None else f"{float(mark):.3f}"]
        for text, mark in zip(texts, marks, strict=False)
        if text
    ]
    return html.table(title_of(field), [field.called, scores.called if scores else ""], rows)
