"""What a person gets: how each kind of output is shown on the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
import numpy as np

from gallery.drawing.forecast import draw_forecast
from gallery.drawing.piano_roll import draw_piano_roll
from gallery.page import html
from gallery.page.files import publish
from gallery.page.replies import Reply, list_facts, texts_of, title_of, value_of
from modules.common.asking.asking import Asker
from modules.common.declaring.fields import Field
from modules.common.midi.note_state import STEPS_PER_BEAT, list_notes, to_midi
from modules.common.midi.synthesizer import RATE_HZ, synthesize
from modules.common.sound.sound_files import wav_bytes

_USUAL_TEMPO = 120.0


@dataclass(frozen=True)
class View:
    """How some outputs are shown.

    Attributes:
        parts: Gradio's components.
        fill: Gives a value for each of them, of a reply.
    """

    parts: list[Any]
    fill: Callable[[Reply], list[Any]]


def make_views(asker: Asker) -> list[View]:
    """Makes what shows the answers of a task, inside Gradio's current block.

    Args:
        asker: Of the task.
    """
    outputs = asker.outputs
    views = []
    if asker.asking.draw is not None:
        views.append(_make_drawing())
    for field in outputs:
        own = [each for each in outputs if each.of == field.name]
        maker = _MAKERS.get(field.kind)
        if maker is not None and (view := maker(asker, field, own)) is not None:
            views.append(view)
    views.append(_make_facts())
    return views


def _make_label(asker: Asker, field: Field, own: Sequence[Field]) -> View | None:
    chances = next((each for each in own if each.kind in ("probability", "probabilities")), None)
    if chances is None:
        return None
    unit = f" ({field.unit})" if field.unit else ""
    part = gr.Label(label=title_of(field) + unit, show_heading=True)

    def fill(reply: Reply) -> list[Any]:
        if reply.rows != 1:
            return [gr.update(visible=False)]
        shares = np.atleast_1d(reply.answer[chances.name][0]).astype(float)
        if field.kind == "labels":
            names = texts_of(reply.answer[field.name][0])
        elif chances.kind == "probabilities":
            names = [str(choice) for choice in chances.choices]
        else:
            names = [str(value_of(reply, field))]
            others = [str(choice) for choice in field.choices if str(choice) != names[0]]
            if len(others) == 1:
                names, shares = [*names, *others], np.append(shares, 1 - shares[0])
        pairs = zip(names, shares, strict=False)
        return [
            gr.update(value={name: float(share) for name, share in pairs if name}, visible=True)
        ]

    return View([part], fill)


def _make_picture(asker: Asker, field: Field, own: Sequence[Field]) -> View:
    subject = asker.subject
    if subject is None or subject.kind != "picture":
        alone = gr.Image(
            label=title_of(field),
            alt_text=title_of(field),
            type="filepath",
            buttons=["download", "fullscreen"],
        )
        name = f"{asker.task.name}.png"
        return View([alone], lambda reply: [reply.write(reply.answer[field.name][0], name)])
    part = gr.HTML(label=title_of(field))

    def fill(reply: Reply) -> list[Any]:
        before = publish(reply.request[subject.name][0], "before")
        after = publish(reply.answer[field.name][0], f"{asker.task.name}.png")
        return [html.compare(f"{title_of(field)}, before and after", before, after)]

    return View([part], fill)


def _make_pictures(asker: Asker, field: Field, own: Sequence[Field]) -> View:
    part = gr.HTML(label=title_of(field))

    def fill(reply: Reply) -> list[Any]:
        pictures = [png for png in reply.answer[field.name][0] if png]
        shown = [
            (f"{number} of {len(pictures)}", publish(png, f"{asker.task.name}_{number}.png"))
            for number, png in enumerate(pictures, 1)
        ]
        return [html.figures(title_of(field), shown)]

    return View([part], fill)


def _make_sound(asker: Asker, field: Field, own: Sequence[Field]) -> View:
    part = gr.Audio(label=title_of(field), type="filepath", buttons=["download"])
    name = f"{asker.task.name}.wav"
    return View([part], lambda reply: [reply.write(reply.answer[field.name][0], name)])


def _make_piano_roll(asker: Asker, field: Field, own: Sequence[Field]) -> View:
    roll = gr.HTML(label="Piano roll")
    sound = gr.Audio(label="Played", type="filepath", buttons=["download"])
    file = gr.DownloadButton("Download as MIDI", size="sm")

    def fill(reply: Reply) -> list[Any]:
        [music] = reply.answer[field.name]
        tempo = float(_said_of_kind(reply, "tempo") or _USUAL_TEMPO)
        midi = reply.write(to_midi(music, tempo), f"{asker.task.name}.mid")
        seconds = len(music) / STEPS_PER_BEAT * 60 / tempo
        title = f"{len(list_notes(music))} notes, {seconds:.1f} s at {tempo:g} beats a minute"
        drawn = f"<h3>{escape(title)}</h3>{draw_piano_roll(title, music)}"
        try:
            wav = reply.write(
                wav_bytes(synthesize(music, tempo), RATE_HZ), f"{asker.task.name}.wav"
            )
            played = gr.update(value=wav, visible=True)
        except ValueError as error:
            # Music of hours is written, but not played.
            played = gr.update(visible=False)
            drawn += html.note(f"Not played: {error}.")
        return [drawn, played, midi]

    return View([roll, sound, file], fill)


def _said_of_kind(reply: Reply, kind: str) -> Any:
    field = next((each for each in reply.asker.options.values() if each.kind == kind), None)
    return None if field is None else reply.question.said.get(field.name, field.default)


def _make_forecast(asker: Asker, field: Field, own: Sequence[Field]) -> View:
    part = gr.HTML(label=title_of(field))

    def fill(reply: Reply) -> list[Any]:
        inputs = {each.kind: each.name for each in asker.task.serving.inputs}
        history = list(reply.request[inputs["series"]][0])
        forecast = [float(value) for value in reply.answer[field.name][0]]
        ends = {
            each.kind: [float(value) for value in reply.answer[each.name][0]]
            for each in own
            if each.kind in ("lower", "upper")
        }
        last = str(reply.request[inputs["month"]][0]) if "month" in inputs else ""
        names = _name_steps(last, -len(history) + 1, len(forecast))
        lower, upper = ends.get("lower", []), ends.get("upper", [])
        chart = draw_forecast(title_of(field), history, forecast, lower, upper, dates=names)
        columns = [forecast, *(values for values in (lower, upper) if values)]
        ahead = names[-len(forecast) :] or [str(step) for step in range(1, len(forecast) + 1)]
        rows = [
            [escape(name), *(f"{value:,.6g}" for value in values)]
            for name, *values in zip(ahead, *columns, strict=True)
        ]
        head = ["month" if last else "step", field.called, *(kind for kind in ends if ends[kind])]
        return [chart + html.table(f"{title_of(field)}, step by step", head, rows)]

    return View([part], fill)


def _name_steps(last: str, first: int, after: int) -> list[str]:
    """Names months from `first` to `after` the last one, which is month 0."""
    if not last:
        return []
    year, month = map(int, last.split("-")[:2])
    months = range(year * 12 + month - 1 + first, year * 12 + month + after)
    return [f"{each // 12:04d}-{each % 12 + 1:02d}" for each in months]


def _make_drawing() -> View:
    part = gr.Image(
        label="In the picture",
        alt_text="What was given, with the answer drawn into it",
        type="filepath",
        buttons=["download", "fullscreen"],
        visible=False,
    )

    def fill(reply: Reply) -> list[Any]:
        png = reply.asker.draw(reply.request, reply.answer)
        value = None if png is None else reply.write(png, f"{reply.asker.task.name}.png")
        return [gr.update(value=value, visible=png is not None)]

    return View([part], fill)


def _make_facts() -> View:
    part = gr.HTML(label="Answer")

    def fill(reply: Reply) -> list[Any]:
        if reply.rows == 1:
            return [html.facts(list_facts(reply, 0))]
        rows = [list_facts(reply, row, is_alone=False) for row in range(reply.rows)]
        head = ["", *(name for name, _ in rows[0])] if rows else []
        cells = [[str(number), *(value for _, value in row)] for number, row in enumerate(rows, 1)]
        return [html.table(f"{len(rows)} found", head, cells) if rows else ""]

    return View([part], fill)


_MAKERS: dict[str, Callable[[Asker, Field, Sequence[Field]], View | None]] = {
    "label": _make_label,
    "labels": _make_label,
    "picture": _make_picture,
    "pictures": _make_pictures,
    "sound": _make_sound,
    "piano_roll": _make_piano_roll,
    "forecast": _make_forecast,
}
