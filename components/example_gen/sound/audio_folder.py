"""Folders of recordings, one for each class, to examples.

A recording is read at its own rate and mixed to mono; what becomes of it is the task's featurizer's
business, so that resampling is done by the same code as in the served graph.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from tfx.dsl.components.base import executor_spec
from tfx.dsl.io import fileio

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SPLITS, Record, Reject, split_of, splits_by_rank
from modules.common.declaring.registry import import_function
from modules.common.runtime.errors import DataError
from modules.common.sound.sound_files import read_sound
from modules.common.sound.sources import AudioFolderSource


@dataclass(frozen=True, kw_only=True)
class Voice:
    """A recording and where it goes.

    Attributes:
        path: Of the file.
        split: `train` or `eval`.
    """

    path: str
    split: str


def read_recording(voice: Voice, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads one recording.

    Args:
        voice: An audio file in a class's folder.
        config: Its source must be an `AudioFolderSource`.

    Yields:
        One record, or one reject.
    """
    source: AudioFolderSource = config.source
    relative = config.relative(voice.path)
    label = source.classes.get(_class(relative))
    try:
        if label is None:
            raise ValueError(f"its folder is none of {', '.join(source.classes)}")
        with fileio.open(voice.path, "rb") as file:
            samples, rate_hz = read_sound(file.read())
        features = dict(import_function(source.featurizer)(samples, rate_hz))
    except ValueError as error:
        yield Reject(relative, "", str(error))
        return
    features[source.label] = label
    yield Record(voice.split, features)


class Executor(SourceExecutor):
    """Reads class folders of recordings."""

    reader = staticmethod(read_recording)

    @classmethod
    def items(cls, config: ReadConfig, patterns: Sequence[str]) -> list[Voice]:
        """Finds recordings and says where each goes.

        Raises:
            DataError: If a class has no recording, or is of one speaker, as far as can be told.
        """
        source: AudioFolderSource = config.source
        paths = super().items(config, patterns)
        speakers = {path: source.key(config.relative(path)) for path in paths}
        by_class: dict[str, Counter[str]] = defaultdict(Counter)
        for path, speaker in speakers.items():
            by_class[_class(config.relative(path))][speaker] += 1
        _check_classes(by_class, config)
        splits = {
            speaker: split
            for of_class in by_class.values()
            for speaker, split in _splits(of_class, source.eval_percent).items()
        }
        return [Voice(path=path, split=splits[speakers[path]]) for path in paths]

    @classmethod
    def notes(cls, items: Sequence[Voice], config: ReadConfig) -> list[str]:
        """Says that names tell no speakers, where each recording counts as one."""
        source: AudioFolderSource = config.source
        speakers = {source.key(config.relative(voice.path)) for voice in items}
        if len(speakers) < len(items):
            return []
        return [
            f"each of the {len(items):,} recordings counts as a speaker of its own, as far as "
            f"names tell: the same voice may be on both sides of the split"
        ]


def _class(relative: str) -> str:
    return PurePath(relative).parts[0]


def _splits(speakers: Mapping[str, int], eval_percent: int) -> dict[str, str]:
    """Draws a side for each speaker of a class, and by rank where all would fall on one."""
    drawn = {speaker: split_of(speaker, eval_percent) for speaker in speakers}
    if set(drawn.values()) == set(SPLITS):
        return drawn
    return splits_by_rank(speakers, eval_percent)


def _check_classes(by_class: Mapping[str, Counter[str]], config: ReadConfig) -> None:
    source: AudioFolderSource = config.source
    missing = [f"{name}/" for name in source.classes if name not in by_class]
    if missing:
        raise DataError(
            f"{config.data_dir} has no recordings in {', '.join(missing)}; expected {source.layout}"
        )
    alike = [name for name in source.classes if len(by_class[name]) == 1]
    if alike:
        found = ", ".join(
            f"{by_class[name].total():,} in {name}/ (speaker {PurePath(*by_class[name]).name})"
            for name in alike
        )
        raise DataError(
            f"all recordings of a class are of one speaker, or their names begin alike and tell "
            f"none: {found}, in {config.data_dir}; expected at least two speakers in each class, "
            f"of whom one is held out: a folder for each, such as {alike[0]}/anna/01.wav, or names "
            f"that begin with the speaker and _, such as {alike[0]}/anna_01.wav"
        )


class AudioFolderExampleGen(SourceExampleGen):
    """ExampleGen for `AudioFolderSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
