"""Reads one clip of a folder. Light: it runs in processes that never import TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject
from components.example_gen.sound.sound_reader import read_recording
from modules.common.sound.sources import ClipSource


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A recording and where it goes.

    Attributes:
        path: Relative to the data folder.
        split: `train` or `eval`.
    """

    path: str
    split: str


def read_clip(clip: Clip, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads a clip whole.

    Args:
        clip: Which one.
        config: Its source must be a `ClipSource`.

    Yields:
        One record, or one reject.
    """
    source: ClipSource = config.source

    def records(pcm: bytes) -> Iterator[Record]:
        name = PurePosixPath(clip.path).name
        yield Record(clip.split, {source.pcm: pcm, source.name: name})

    return read_recording(clip.path, config, records)
