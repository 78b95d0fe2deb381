"""A task that reads tunes, and MIDI files made by hand."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
from drawing import task

from components.example_gen.read_config import ReadConfig
from modules.common.declaring.settings import DATA, resolve, setting, tell
from modules.common.declaring.task import Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.midi.settings import MidiSettings
from modules.common.midi.sources import MidiSource

TUNES = MidiSource()
TICKS = 96

Events = Sequence[tuple[int, Any]]


class Settings(TrainingSettings, MidiSettings):
    """What may be set for a task that reads tunes."""

    window_steps: int = setting(32)
    hop_steps: int = setting(8)
    min_tune_steps: int = setting(16)


def note(start: int, end: int, pitch: int, channel: int = 0) -> Events:
    """A note from tick to tick."""
    return (
        (start, mido.Message("note_on", note=pitch, velocity=64, channel=channel)),
        (end, mido.Message("note_off", note=pitch, channel=channel)),
    )


def metre(tick: int, numerator: int, denominator: int) -> Events:
    """A metre from a tick on."""
    signature = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
    return ((tick, signature),)


def scale(steps: int, lowest: int = 60) -> Events:
    """Notes of a step each, one after the other, up and up again."""
    step = TICKS // 4
    return [
        event
        for number in range(steps)
        for event in note(number * step, (number + 1) * step, lowest + number % 12)
    ]


def midi(*tracks: Events, kind: int = 1, ticks: int = TICKS, end: int = 0) -> bytes:
    """The bytes of a file. A track's events are pairs of tick and message, in any order.

    Events of one tick stay in the order in which they are given.
    """
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    for events in tracks:
        now = 0
        track = mido.MidiTrack()
        for tick, message in sorted(events, key=lambda event: event[0]):
            track.append(message.copy(time=tick - now))
            now = tick
        track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
        file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def with_header(contents: bytes, place: int, value: int) -> bytes:
    """A file with one of the header's three numbers changed: type, tracks, ticks a beat."""
    start = 8 + 2 * place
    return contents[:start] + value.to_bytes(2, "big") + contents[start + 2 :]


def tune_task(quarantine_limit: float = 0.9) -> Task:
    """A task that reads tunes."""
    return replace(task(TUNES, settings=Settings), quarantine_limit=quarantine_limit)


def config_for(data: Path, **settings: int) -> ReadConfig:
    """What the reader is told."""
    return ReadConfig(
        task_name="tiny_task",
        source=TUNES,
        settings=tell(resolve(Settings, settings), DATA),
        data_dir=str(data),
    )
