"""The form of a task: its controls, what is asked once they are filled, and examples for them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from gallery.page.inputs import (
    FILE,
    Control,
    are_numbers,
    check_given,
    make_control,
    make_file_control,
    read_said,
)
from modules.common.asking.asking import Asker, Asking, Said
from modules.common.declaring.fields import Field

_SHOWN_CHARS = 40


@dataclass(frozen=True)
class Question:
    """What a person asks.

    Attributes:
        asker: How it is read.
        text: What it is about, or the path of it.
        said: What was said besides.
        paths: The files that were given, as messages would name them.
    """

    asker: Asker
    text: str
    said: Said
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """The controls of a task.

    Attributes:
        asker: Of the task.
        needed: For what must be given.
        options: For the rest.
    """

    asker: Asker
    needed: tuple[Control, ...]
    options: tuple[Control, ...]

    @property
    def controls(self) -> tuple[Control, ...]:
        """All of them, in the order of their values."""
        return (*self.needed, *self.options)

    @property
    def parts(self) -> list[Any]:
        """Gradio's components."""
        return [control.part for control in self.controls]

    @property
    def staged(self) -> Field | None:
        """The number of stages that an answer may come in, if it may."""
        return next((each.field for each in self.options if each.field.staged), None)

    def read(self, values: Sequence[Any]) -> Question:
        """Reads what the browser sent.

        Args:
            values: One for each control.

        Raises:
            LianxiError: If something is missing, or cannot be.
        """
        given = dict(
            zip((control.field.name for control in self.controls), values, strict=True),
        )
        files = [control.read(given[control.field.name]) for control in self._files]
        paths = tuple(path for path in files if path)
        if self._takes_either:
            return replace(self._read_either(given), paths=paths)
        said = read_said(self.options, given)
        text = ""
        for control in self.needed:
            value = control.read(given[control.field.name])
            check_given(control, value)
            if control.field == self.asker.subject:
                text = str(value)
            else:
                said[control.field.name] = value
        return Question(self.asker, text, said, paths)

    def show(self, example: Mapping[str, Any]) -> list[Any]:
        """Gives what stands in each control for an example; the rest is as it is at first.

        Args:
            example: By the names of the fields.
        """
        folder = Path(tempfile.mkdtemp(prefix="example-"))
        return [
            control.show(example[control.field.name], folder)
            if control.field.name in example
            else _first_value(control.field)
            for control in self.controls
        ]

    @property
    def _files(self) -> list[Control]:
        return [control for control in self.controls if control.is_file]

    @property
    def _takes_either(self) -> bool:
        """Whether a file is the whole question, in place of which its fields may be given."""
        return any(control.field.name == FILE for control in self.needed)

    def _read_either(self, given: Mapping[str, Any]) -> Question:
        file, *fields = self.needed
        said = read_said(self.options, given)
        path = file.read(given[FILE])
        pasted = next((each for each in fields if each.field.kind == "series"), None)
        text = str(given[pasted.field.name] or "") if pasted else ""
        if path is None and text and not are_numbers(text):
            # Rows of a table rather than numbers: as good as the file that they are of.
            ending = next(iter(self.asker.asking.reads), "")
            path = str(Path(tempfile.mkdtemp(prefix="pasted-")) / f"pasted{ending}")
            Path(path).write_text(text, encoding="utf-8")
        if path is not None:
            return Question(self.asker, path, said)
        if not text:
            check_given(file, None)
        values = {}
        for control in fields:
            value = control.read(given[control.field.name])
            check_given(control, value)
            values[control.field.name] = value
        # The fields alone, as any client says them.
        plain = Asker(self.asker.task, Asking())
        return Question(plain, "", values)


def make_form(asker: Asker) -> Form:
    """Makes the controls of a task, inside Gradio's current block.

    Args:
        asker: Of the task.
    """
    needed: list[Control | None] = []
    if asker.needs_input and asker.subject is None:
        needed.append(make_file_control(asker))
        needed += [make_control(field) for field in asker.inputs]
    else:
        needed += [make_control(field) for field in asker.needed]
    chosen = [control for control in needed if control is not None]
    rest = [field for field in asker.options.values() if field.default is not None]
    options: list[Control | None] = []
    if rest:
        # Where nothing is needed, the options are all that there is to give.
        with gr.Accordion("Options", open=not chosen):
            options = [make_control(field) for field in rest]
    return Form(asker, tuple(chosen), tuple(each for each in options if each is not None))


def word_example(example: Mapping[str, Any], number: int) -> str:
    """Says an example in a few words, for a button.

    Args:
        example: By the names of the fields.
        number: Its place, from 1.
    """
    texts = [value for value in example.values() if isinstance(value, str) and value]
    if texts and not any(isinstance(value, list | bytes) for value in example.values()):
        return texts[0][:_SHOWN_CHARS]
    numbers = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in example.items()
        if isinstance(value, int | float)
    ]
    if numbers and not any(isinstance(value, bytes) for value in example.values()):
        return ", ".join(numbers)[:_SHOWN_CHARS]
    return f"Example {number}"


def _first_value(field: Field) -> Any:
    if field.default is None or isinstance(field.default, list):
        return None
    return field.default if field.default != "" or field.kind == "text" else None
