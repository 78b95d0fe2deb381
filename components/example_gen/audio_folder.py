"""Folders of recordings, one for each class, to examples.

A recording is read at its own rate and mixed to mono; what becomes of it is the task's featurizer's
business, so that resampling is done by the same code as in the served graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from tfx.dsl.components.base import executor_spec
from tfx.dsl.io import fileio

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject, split_of
from modules.common.errors import DataError
from modules.common.registry import import_function
from modules.common.sound_files import read_sound
from modules.common.sources import AudioFolderSource


def read_recording(path: str, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads one recording.

    Args:
        path: An audio file in a class's folder.
        config: Its source must be an `AudioFolderSource`.

    Yields:
        One record, or one reject.
    """
    source: AudioFolderSource = config.source
    relative = config.relative(path)
    label = source.classes.get(PurePath(relative).parts[0])
    try:
        if label is None:
            raise ValueError(f"its folder is none of {', '.join(source.classes)}")
        with fileio.open(path, "rb") as file:
            samples, rate_hz = read_sound(file.read())
        features = dict(import_function(source.featurizer)(samples, rate_hz))
    except ValueError as error:
        yield Reject(relative, "", str(error))
        return
    features[source.label] = label
    yield Record(split_of(source.key(relative), source.eval_percent), features)


class Executor(SourceExecutor):
    """Reads class folders of recordings."""

    reader = staticmethod(read_recording)

    @classmethod
    def check(cls, paths: Sequence[str], config: ReadConfig) -> None:
        """Raises `DataError` where a class has no recording."""
        source: AudioFolderSource = config.source
        found = {PurePath(config.relative(path)).parts[0] for path in paths}
        missing = [f"{name}/" for name in source.classes if name not in found]
        if missing:
            raise DataError(
                f"{config.data_dir} has no recordings in {', '.join(missing)}; "
                f"expected {source.layout}"
            )


class AudioFolderExampleGen(SourceExampleGen):
    """ExampleGen for `AudioFolderSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
