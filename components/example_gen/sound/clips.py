"""Folders of recordings without labels to examples."""

from __future__ import annotations

from collections.abc import Sequence

from tfx.dsl.components.base import executor_spec

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import splits_by_rank
from components.example_gen.sound.clip_reader import Clip, read_clip
from modules.common.runtime.errors import DataError
from modules.common.sound.sources import ClipSource


class Executor(SourceExecutor):
    """Reads clips. Items are their paths with their splits."""

    reader = staticmethod(read_clip)
    in_processes = True

    @classmethod
    def items(cls, config: ReadConfig, patterns: Sequence[str]) -> list[Clip]:
        """Finds the clips and ranks them.

        Args:
            config: What the reader will be told.
            patterns: Globs of the recordings.

        Raises:
            DataError: If there are fewer than two, so that a split would be empty.
        """
        source: ClipSource = config.source
        paths = [config.relative(path) for path in super().items(config, patterns)]
        if len(paths) < 2:
            raise DataError(
                f"{config.data_dir} holds one recording, {paths[0]}; expected at least two, one "
                f"to train on and one to evaluate on"
            )
        splits = splits_by_rank(paths, source.eval_percent)
        return [Clip(path=path, split=splits[path]) for path in paths]


class ClipExampleGen(SourceExampleGen):
    """ExampleGen for `ClipSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
