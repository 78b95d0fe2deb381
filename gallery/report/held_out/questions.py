"""Makes requests of raw examples, as the served fields declare it, with what should be answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gallery.report.held_out.raw_examples import RawExample
from modules.common.declaring.fields import Field
from modules.common.declaring.settings import Settings
from modules.common.declaring.task import Task
from modules.common.midi.note_state import NOTES
from modules.common.sound.sound_files import wav_bytes

_GENERATED = 3
_PCM16_FULL_SCALE = 32_768.0


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request about one example.

    Attributes:
        request: Inputs by name, without the dimension of the batch.
        cheap: Inputs that take the place of defaults where these would take too long.
        truth: What should be answered, by output; outputs of which it is not known are left out.
        about: What was asked about, in words; empty where the inputs say it.
    """

    request: Mapping[str, Any]
    cheap: Mapping[str, Any] = field(default_factory=dict)
    truth: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""


def needs_example(task: Task) -> bool:
    """Tells whether a request is about an example; else the model makes something of nothing."""
    return any(each.raw and each.default is None for each in task.serving.inputs)


def make_questions(
    task: Task, settings: Settings, examples: Sequence[RawExample]
) -> list[Question]:
    """Makes requests.

    Inputs that a request needs are made of the example; one that may be left out is made of it in
    half of the requests to a task that otherwise makes something of nothing, whose other requests
    are other seeds.

    Args:
        task: The declaration.
        settings: The run's.
        examples: Raw examples; those that lack what a request needs are passed over.
    """
    cheap = _cheap_options(task)
    made = [field for field in task.serving.inputs if field.raw]
    if needs_example(task):
        made = [field for field in made if field.default is None]
        return [
            Question(
                request=_make_inputs(made, group, settings),
                cheap=cheap,
                truth=_make_truth(task, group[0]),
            )
            for group in _group(made, examples)
        ]
    seeds = [each.name for each in task.serving.inputs if each.kind == "seed"][:1]
    drawn = [
        Question(
            request={name: number for name in seeds},
            cheap={name: value for name, value in cheap.items() if name not in seeds},
            about=f"out of nothing, {seeds[0]} {number}" if seeds else "out of nothing",
        )
        for number in range(1, _GENERATED + 1 if seeds else 2)
    ]
    begun = [
        Question(
            request=_make_inputs(made, group, settings),
            cheap=cheap,
            about="held-out beginning",
        )
        for group in _group(made, examples)[:_GENERATED]
    ]
    return [each for pair in zip(drawn, begun, strict=False) for each in pair] or drawn


def _cheap_options(task: Task) -> dict[str, Any]:
    """Gives what the task's own example says besides what it is about: it is made to be quick."""
    return {
        each.name: task.serving.example[each.name][0]
        for each in task.serving.inputs
        if not each.raw and each.name in task.serving.example
    }


def _group(made: Sequence[Field], examples: Sequence[RawExample]) -> list[list[RawExample]]:
    """Puts as many examples together as a request takes: one for each use of a raw feature."""
    usable = [example for example in examples if all(example.get(each.raw) for each in made)]
    size = max(Counter(each.raw for each in made).values(), default=1)
    if size == 1:
        return [[example] for example in usable]
    # Each example is the first of a request once, and goes with those that follow it.
    return [
        [usable[(place + step) % len(usable)] for step in range(size)]
        for place in range(len(usable))
        if len(usable) >= size
    ]


def _make_inputs(
    made: Sequence[Field], group: Sequence[RawExample], settings: Settings
) -> dict[str, Any]:
    used: Counter[str] = Counter()
    inputs = {}
    for each in made:
        example = group[used[each.raw]]
        used[each.raw] += 1
        inputs[each.name] = _to_input(each, example, settings)
    return inputs


def _to_input(field: Field, example: RawExample, settings: Settings) -> Any:
    """Makes an input of a raw feature's values, by what the input is to a person."""
    values = example[field.raw]
    if field.kind == "sound":
        # Sound is stored as 16-bit samples of one channel.
        samples = np.frombuffer(values[0], "<i2") / _PCM16_FULL_SCALE
        return wav_bytes(samples, int(getattr(settings, "sample_rate_hz", 0)))
    if field.kind == "month":
        year, month = divmod(int(values[0]), 12)
        return f"{year:04d}-{month + 1:02d}"
    if field.kind == "series":
        return [float(value) for value in values[-_length(field.raw, example) :]]
    if field.kind == "piano_roll":
        notes = read_notes(values[0])
        return notes[: -(-len(notes) // 2)]
    return _decode(field, values[0])


def _make_truth(task: Task, example: RawExample) -> dict[str, Any]:
    truth = {}
    for each in task.serving.outputs:
        values = example.get(each.raw) if each.raw else None
        if values and each.kind == "forecast":
            known = values[: _length(each.raw, example)]
            truth[each.name] = [float(value) for value in known]
        elif values:
            truth[each.name] = _decode(each, values[0])
    return truth


def read_notes(packed: bytes) -> np.ndarray:
    """Reads a matrix that `note_state.pack` packed: uint8 `[steps, NOTES]`."""
    bits = np.unpackbits(np.frombuffer(packed, np.uint8))
    steps = len(bits) // NOTES
    return bits[: steps * NOTES].reshape(steps, NOTES)


def _length(raw: str, example: RawExample) -> int:
    """How many of a list's values count: lists that are filled up have their length beside them."""
    return int((example.get(f"{raw}_length") or [len(example[raw])])[0])


def _decode(field: Field, value: Any) -> Any:
    if isinstance(value, bytes) and field.kind not in ("picture", "sound", "midi"):
        return value.decode("utf-8", "replace")
    return value
