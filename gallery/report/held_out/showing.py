"""Shows what was asked and answered by what each field is to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from markupsafe import Markup

from gallery.drawing.axes import write_number
from gallery.drawing.forecast import draw_forecast
from gallery.drawing.piano_roll import draw_piano_roll
from gallery.report.held_out.asking import Answered
from gallery.report.media import Media
from gallery.report.pieces import Drawn, Listed, Piece, Row, Shares, Sound, Text
from modules.common.declaring.fields import Field
from modules.common.declaring.task import UNKNOWN_CLASS, Task
from modules.common.midi.synthesizer import RATE_HZ, synthesize
from modules.common.sound.sound_files import wav_bytes

JUDGED = ("label", "labels", "text")
"""Kinds of outputs that are right or wrong."""

_MOST_SHARES = 5
_MOST_LINES = 5
_MOST_NUMBERS = 12
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece with its name.

    Attributes:
        name: Such as `given`, or an output's name.
        piece: What is shown.
        mark: Of a truth: whether the answer is the same; nothing where that is no question.
    """

    name: str
    piece: Piece
    mark: str = ""


def show_given(task: Task, answered: Answered, media: Media) -> list[Part]:
    """Shows what the model was given.

    Args:
        task: The declaration.
        answered: A question with its answer.
        media: Takes pictures and sounds.
    """
    request, outputs = answered.question.request, task.serving.outputs
    truths = {each.raw for each in outputs if each.name in answered.question.truth}
    answers = {each.called for each in outputs}
    fields = [each for each in task.serving.inputs if each.name in request and each.raw]
    numbers = [each for each in fields if each.kind == "number"]
    parts: list[Part] = []
    if len(numbers) > 1:
        said = ", ".join(f"{each.called} {write_number(request[each.name])}" for each in numbers)
        parts.append(Part(name="given", piece=Text(text=said, is_quiet=True)))
        fields = [each for each in fields if each.kind != "number"]
    if answered.question.about:
        parts.append(Part(name="asked for", piece=Text(text=answered.question.about)))
    for each in fields:
        if each.kind in ("series", "month"):
            # A forecast shows the series that it goes on from.
            continue
        if each.kind == "piano_roll" and any(out.kind == each.kind for out in outputs):
            # The answer begins with it.
            continue
        if each.raw in truths and each.kind == "picture":
            # It is the truth, which is shown.
            continue
        name = f"{each.called} given" if each.called in answers else each.called
        parts.append(Part(name=name, piece=_show(each, request[each.name], media, "given")))
    return parts


def show_answer(task: Task, answered: Answered, media: Media) -> list[Part]:
    """Shows what the model answered, its main output first, probabilities with what they are of.

    Args:
        task: The declaration.
        answered: A question with its answer.
        media: Takes pictures and sounds.
    """
    outputs = task.serving.outputs
    parts: list[Part] = []
    for each in outputs:
        value = answered.answer[each.name]
        own = {other.name: other for other in outputs if other.of == each.name}
        if each.of:
            continue
        if each.kind == "forecast":
            piece: Piece = _show_forecast(task, each, answered)
        elif each.kind == "piano_roll":
            parts += _show_music(each, answered, media)
            continue
        elif shares := _shares(each, own, answered.answer):
            piece = Shares(rows=shares)
        else:
            piece = _show(each, value, media, "answered")
        parts.append(Part(name=each.called, piece=piece))
    return parts


def show_truth(task: Task, answered: Answered, media: Media) -> list[Part]:
    """Shows what should have been answered, but for what the answer shows already.

    Args:
        task: The declaration.
        answered: A question with its answer.
        media: Takes pictures and sounds.
    """
    truth = answered.question.truth
    marks = {True: "✓", False: "✕", None: ""}
    return [
        Part(
            name=f"true {each.called}",
            piece=_show(each, truth[each.name], media, "true"),
            mark=marks[is_answer_right(each, answered)],
        )
        for each in task.serving.outputs
        if each.name in truth and each.kind != "forecast"
    ]


def is_answer_right(field: Field, answered: Answered) -> bool | None:
    """Tells whether an output is as it should be; `None` where that is not known, or no question.

    Args:
        field: The output.
        answered: A question with its answer.
    """
    pair = pair_of(field, answered)
    return pair[0] == pair[1] if pair else None


def pair_of(field: Field, answered: Answered) -> tuple[str, str] | None:
    """Gives the truth and the answer of an output, or `None` where that is no question.

    Args:
        field: The output.
        answered: A question with its answer.
    """
    truth = answered.question.truth.get(field.name)
    if truth is None or truth == UNKNOWN_CLASS or field.kind not in JUDGED:
        return None
    answer: Any = answered.answer[field.name]
    return str(truth), str(decode(answer[0] if field.kind == "labels" else answer))


def decode(value: Any) -> Any:
    """Gives bytes that are text as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _show(field: Field, value: Any, media: Media, role: str) -> Piece:
    if field.kind == "picture":
        return media.picture(bytes(value), f"{field.called}, {role}")
    if field.kind == "sound":
        return media.sound(bytes(value), f"{field.called}, {role}")
    if field.kind == "piano_roll":
        return _roll(f"{field.called}, {role}", value)
    if isinstance(value, str):
        return Text(text=value or "(nothing)")
    values = np.ravel(np.asarray(value, dtype=object))
    if field.kind == "pictures":
        pictures = [
            media.picture(bytes(each), f"{field.called}, {role}") for each in values if each
        ]
        return Row(pieces=tuple(pictures)) if pictures else Text(text="(nothing)")
    if field.kind in ("texts", "labels"):
        lines = [str(decode(each)) for each in values]
        return Listed(lines=tuple(line for line in lines if line)[:_MOST_LINES])
    return Text(text=_say(field, values))


def _say(field: Field, values: np.ndarray) -> str:
    unit = f" {field.unit}" if field.unit else ""
    if field.kind == "share":
        return f"{float(values[0]):.0%}"
    if field.kind == "switch":
        return "yes" if values[0] else "no"
    if not field.is_number:
        return str(decode(values[0])) + unit or "(nothing)"
    said = ", ".join(write_number(float(each)) for each in values[:_MOST_NUMBERS])
    band = ""
    if field.bands and len(values) == 1:
        words = [word for least, word in field.bands if values[0] >= least]
        band = f" ({words[-1]})" if words else ""
    return said + (", …" if len(values) > _MOST_NUMBERS else "") + unit + band


def _shares(
    field: Field, own: Mapping[str, Field], answer: Mapping[str, Any]
) -> tuple[tuple[str, float], ...]:
    """Gives an output's values with their probabilities, where it has them."""
    unit = f" {field.unit}" if field.unit else ""
    for name, other in own.items():
        if other.kind == "probabilities" and other.choices:
            pairs = list(zip(map(str, other.choices), answer[name], strict=True))
        elif other.kind == "probabilities" and field.kind == "labels":
            pairs = list(zip(map(decode, answer[field.name]), answer[name], strict=True))
        elif other.kind == "probability":
            pairs = [(str(decode(answer[field.name])) or "(nothing)", answer[name])]
        else:
            continue
        ranked = sorted(((f"{word}{unit}", float(share)) for word, share in pairs if word), key=_by)
        return tuple(ranked[:_MOST_SHARES])
    return ()


def _by(pair: tuple[str, float]) -> float:
    return -pair[1]


def _show_forecast(task: Task, field: Field, answered: Answered) -> Drawn:
    request, answer = answered.question.request, answered.answer
    ends = {each.kind: answer[each.name] for each in task.serving.outputs if each.of == field.name}
    history = next(request[each.name] for each in task.serving.inputs if each.kind == "series")
    months = [request[each.name] for each in task.serving.inputs if each.kind == "month"]
    steps = len(history) + len(answer[field.name])
    dates = _name_months(months[0], len(history), steps) if months else ()
    until = f" after {months[0]}" if months else ""
    svg = draw_forecast(
        f"{field.called.capitalize()}{until}",
        history,
        list(map(float, answer[field.name])),
        list(map(float, ends.get("lower", ()))),
        list(map(float, ends.get("upper", ()))),
        dates=dates,
        actual=answered.question.truth.get(field.name, ()),
    )
    return Drawn(svg=Markup(svg))


def _name_months(last: str, past: int, steps: int) -> list[str]:
    """Names the months of a series of which one, after so many, is known."""
    year, month = map(int, last.split("-"))
    first = year * _MONTHS_A_YEAR + month - 1 - (past - 1)
    months = (divmod(first + step, _MONTHS_A_YEAR) for step in range(steps))
    return [f"{year:04d}-{month + 1:02d}" for year, month in months]


def _show_music(field: Field, answered: Answered, media: Media) -> Sequence[Part]:
    notes = np.asarray(answered.answer[field.name])
    given = [each for each in answered.question.request.values() if _is_roll(each, notes)]
    drawing = draw_piano_roll(f"{field.called}", notes, len(given[0]) if given else 0)
    label = answered.question.about or field.called
    sound = media.sound(wav_bytes(synthesize(notes), RATE_HZ), label)
    if isinstance(sound, Sound):
        # The roll shows more than a waveform would.
        sound = replace(sound, drawing=Markup(""))
    return [
        Part(name=field.called, piece=Drawn(svg=Markup(drawing))),
        Part(name="played", piece=sound),
    ]


def _is_roll(value: Any, notes: np.ndarray) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[1:] == notes.shape[1:]


def _roll(title: str, value: Any) -> Drawn:
    return Drawn(svg=Markup(draw_piano_roll(title, np.asarray(value))))
