"""Reads one recording of speech. Light: it runs in processes that never import TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject
from components.example_gen.sound.sound_reader import read_recording
from modules.common.declaring.sources import RawFeatures
from modules.common.reading.length_bands import length_band
from modules.common.sound.sources import SpeechSource


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """A recording with its transcript.

    Attributes:
        path: Of the recording, relative to the data folder.
        text: The transcript, normalized.
        speaker: Who speaks.
        condition: How it was recorded.
        splits: Where it goes: `train`, `eval`, or both.
    """

    path: str
    text: str
    speaker: str
    condition: str
    splits: tuple[str, ...]


def read_utterance(item: Utterance | Reject, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads an utterance.

    Args:
        item: Which one; or what was found wanting before any recording was read.
        config: Its source must be a `SpeechSource`.

    Yields:
        A record for each of its splits, or one reject.
    """
    if isinstance(item, Reject):
        yield item
        return
    yield from read_recording(item.path, config, lambda pcm: _records(item, pcm, config))


def _records(utterance: Utterance, pcm: bytes, config: ReadConfig) -> Iterator[Record]:
    source: SpeechSource = config.source
    features: RawFeatures = {
        source.pcm: pcm,
        source.text: utterance.text,
        source.text_length: length_band(utterance.text),
        source.speaker: utterance.speaker,
        source.condition: utterance.condition,
    }
    for split in utterance.splits:
        yield Record(split, features)
