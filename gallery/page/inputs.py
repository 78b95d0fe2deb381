"""What a person gives: a control for each field by its kind, and what it means once it is filled.

Values come as a browser sends them, not as Gradio would read them: a file that is no picture is for
the task to refuse, in its own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from modules.common.asking.asking import Asker
from modules.common.declaring.fields import FILE_KINDS, Field
from modules.common.declaring.task import Value
from modules.common.runtime.errors import DataError, SettingError

# A slider with more places than this cannot be set by hand.
_MOST_PLACES = 1000
_FEW_CHOICES = 4
_ENDINGS = {"midi": [".mid", ".midi"]}
_NUMBERS = re.compile(r"[\s,;]+")
# What the name of a file of an asker that has none is given by.
FILE = "file"


@dataclass(frozen=True)
class Control:
    """A control for one field.

    Attributes:
        field: What it is for.
        part: Gradio's component.
    """

    field: Field
    part: Any

    @property
    def is_file(self) -> bool:
        """Whether what it gives is a file."""
        return self.field.kind in FILE_KINDS or self.field.name == FILE

    def read(self, value: Any) -> Any:
        """Reads what the browser sent.

        Args:
            value: A text, a number, a switch, or a file as Gradio describes it.

        Returns:
            A value, the path of a file, or `None` where nothing was given.

        Raises:
            SettingError: If it cannot be; the message says what was expected.
        """
        if self.is_file:
            return _path_of(value)
        if value is None or value == "":
            return None
        if self.field.shape:
            return read_numbers(self.field, str(value))
        if self.field.dtype == "int64" and isinstance(value, float) and value.is_integer():
            value = int(value)
        return self.field.parse(value)

    def show(self, value: Any, folder: Path) -> Any:
        """Gives what stands in the control for a value of an example.

        Args:
            value: As the declaration has it; bytes are written to a file.
            folder: Where to.
        """
        if self.is_file:
            if not isinstance(value, bytes):
                return None
            ending = {"picture": ".png", "sound": ".wav", "midi": ".mid"}.get(self.field.kind, "")
            path = folder / f"{self.field.name}{_picture_ending(value) or ending}"
            path.write_bytes(value)
            return str(path)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return ", ".join(f"{number:g}" for number in value)
        return value


def make_control(field: Field) -> Control | None:
    """Makes the control of a field, inside Gradio's current block.

    Args:
        field: An input.

    Returns:
        The control; `None` for what a page cannot ask, such as where to write a file.
    """
    maker = _MAKERS.get(field.kind, _make_text)
    if field.kind == "path" or (field.shape and field.kind not in ("series", "numbers")):
        return None
    if field.kind == "numbers" and field.default is not None:
        return None
    return Control(field, maker(field))


def make_file_control(asker: Asker) -> Control:
    """Makes the control for a file that is the whole question.

    Args:
        asker: Of a task whose own reader takes files.
    """
    takes = asker.takes.removeprefix("paths of ")
    field = Field(name=FILE, dtype="string", doc=takes)
    part = gr.File(
        label=f"{takes[:1].upper()}{takes[1:]}",
        file_types=list(asker.asking.reads) or None,
        height=120,
    )
    return Control(field, part)


def read_numbers(field: Field, text: str) -> list[float]:
    """Reads numbers between commas, blanks or ends of lines.

    Raises:
        SettingError: If one is none, or out of bounds.
    """
    words = [word for word in _NUMBERS.split(text.strip()) if word]
    numbers = []
    for word in words:
        try:
            number = float(word)
        except ValueError as error:
            raise SettingError(f"{field.called}: expected numbers, found {word!r}") from error
        if not field.fits(number):
            raise SettingError(f"{field.called}: expected {field.expected}, found {word}")
        numbers.append(number)
    if len(numbers) < field.min_items:
        raise SettingError(
            f"{field.called}: expected {field.min_items} numbers or more, found {len(numbers)}"
        )
    return numbers


def are_numbers(text: str) -> bool:
    """Tells whether a text is numbers alone, and not the contents of a table."""
    words = [word for word in _NUMBERS.split(text.strip()) if word]
    return bool(words) and all(re.fullmatch(r"[-+]?[\d.]+([eE][-+]?\d+)?", word) for word in words)


def read_said(controls: Sequence[Control], values: Mapping[str, Any]) -> dict[str, Value]:
    """Reads what is said besides the subject; what is as it is anyway is left out.

    Args:
        controls: Of the options.
        values: What the browser sent, by the names of the fields.
    """
    said: dict[str, Value] = {}
    for control in controls:
        value = control.read(values[control.field.name])
        if value is not None and value != control.field.default:
            said[control.field.name] = value
    return said


def check_given(control: Control, value: Any) -> None:
    """Raises `DataError` where nothing was given that is needed."""
    if value is None:
        what = {"picture": "a picture", "sound": "a recording", "midi": "a MIDI file"}
        needed = what.get(control.field.kind, "something")
        raise DataError(f"{control.field.called}: give {needed} first, or click an example")


def _path_of(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, Mapping):
        value = value.get("path")
    return str(value) if value else None


def _picture_ending(contents: bytes) -> str:
    return ".jpg" if contents[:3] == b"\xff\xd8\xff" else ""


def _label(field: Field) -> str:
    unit = f" ({field.unit})" if field.unit and field.unit != field.called else ""
    return f"{field.called[:1].upper()}{field.called[1:]}{unit}"


def _info(field: Field) -> str | None:
    words = field.doc if field.kind == "choice" else field.meaning
    return f"{words[:1].upper()}{words[1:]}." if words else None


def _make_text(field: Field) -> gr.Textbox:
    return gr.Textbox(
        value=field.default if isinstance(field.default, str) else "",
        label=_label(field),
        info=_info(field),
        # Of one line, so that Enter asks; it grows with what is typed.
        lines=1,
        max_lines=6,
        max_length=int(field.at_most) if field.at_most else None,
    )


def _make_series(field: Field) -> gr.Textbox:
    return gr.Textbox(label=_label(field), info=_info(field), lines=4, max_lines=8)


def _make_month(field: Field) -> gr.Textbox:
    return gr.Textbox(label=_label(field), info=_info(field), placeholder="2016-10", max_length=7)


def _make_number(field: Field) -> gr.Number | gr.Slider:
    is_whole = field.dtype == "int64"
    step = field.step or (1 if is_whole else None)
    # An end that is excluded itself is not on the slider.
    low = field.at_least if field.above is None else (step and field.above + step)
    high = field.at_most if field.below is None else (step and field.below - step)
    told: dict[str, Any] = {"label": _label(field), "info": _info(field), "value": field.default}
    if low is not None and high is not None:
        places = (high - low) / (step or (high - low) / 100)
        if places <= _MOST_PLACES:
            return gr.Slider(minimum=low, maximum=high, step=step, **told)
    return gr.Number(
        minimum=low if low is not None else field.above,
        maximum=high if high is not None else field.below,
        precision=0 if is_whole else None,
        step=step or 0.1,
        **told,
    )


def _make_choice(field: Field) -> gr.Radio | gr.Dropdown:
    maker = gr.Radio if len(field.choices) <= _FEW_CHOICES else gr.Dropdown
    choices = [(str(choice) or "as found", choice) for choice in field.choices]
    first: Any = field.default
    return maker(choices, value=first, label=_label(field), info=_info(field))


def _make_switch(field: Field) -> gr.Checkbox:
    return gr.Checkbox(value=bool(field.default), label=_label(field), info=_info(field))


def _make_picture(field: Field) -> gr.Image:
    return gr.Image(
        label=_label(field),
        type="filepath",
        sources=["upload", "clipboard", "webcam"],
        height=260,
        buttons=[],
    )


def _make_sound(field: Field) -> gr.Audio:
    return gr.Audio(
        label=_label(field),
        type="filepath",
        sources=["upload", "microphone"],
        editable=False,
        buttons=[],
    )


def _make_midi(field: Field) -> gr.File:
    return gr.File(label=f"{_label(field)} (MIDI)", file_types=_ENDINGS["midi"], height=110)


_MAKERS = {
    "number": _make_number,
    "seed": _make_number,
    "tempo": _make_number,
    "choice": _make_choice,
    "switch": _make_switch,
    "month": _make_month,
    "picture": _make_picture,
    "sound": _make_sound,
    "midi": _make_midi,
    "series": _make_series,
    "numbers": _make_series,
}
