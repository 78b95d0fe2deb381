"""Folders of pictures to examples; the task's labeler reads the labels from the paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from tfx.dsl.components.base import executor_spec

from components.example_gen.base import Read, SourceExampleGen, SourceExecutor
from components.example_gen.duplicates import keep_one_of_each
from components.example_gen.image_reader import look_at_picture, read_picture, read_sighted
from components.example_gen.read_config import ReadConfig
from components.example_gen.read_group import ReadGroup
from modules.common.errors import DataError
from modules.common.image_layouts import SkipFile
from modules.common.registry import import_function
from modules.common.sources import ImageFolderSource


class Executor(SourceExecutor):
    """Reads pictures."""

    reader = staticmethod(read_picture)
    in_processes = True

    @classmethod
    def check(cls, paths: Sequence[str], config: ReadConfig) -> None:
        """Raises `DataError` where the folders leave one of the splits without a picture."""
        source: ImageFolderSource = config.source
        if not source.splitter:
            return
        told = {_split(config.relative(path), config) for path in paths}
        for split, purpose in (("train", "train on"), ("eval", "evaluate on")):
            if told.isdisjoint({split, None}):
                folder = config.hparams.get("eval_folder")
                advice = f"; --set eval_folder= names it, now {folder!r}" if folder else ""
                raise DataError(
                    f"{config.data_dir} has no folder of pictures to {purpose}{advice}; "
                    f"{config.task_name} reads {source.layout}"
                )

    @classmethod
    def read(cls, pipeline: beam.Pipeline, items: Sequence[Any], config: ReadConfig) -> Read:
        """Reads the pictures, where duplicates are dropped after a look at all of them."""
        source: ImageFolderSource = config.source
        if not source.drops_duplicates:
            return super().read(pipeline, items, config)
        look = ReadGroup(look_at_picture, config, len(items), cls.in_processes, "picture")
        looked = cls.spread(pipeline, items) | "Look" >> beam.ParDo(look).with_outputs()
        chosen = keep_one_of_each(looked["sightings"], len(items))
        read_kept = ReadGroup(read_sighted, config, len(items), cls.in_processes)
        read = chosen["kept"] | "Read" >> beam.ParDo(read_kept).with_outputs()
        steps = (looked, chosen, read)
        return Read(
            train=read["train"],
            eval=read["eval"],
            rejects=tuple(step["rejects"] for step in steps) | "Rejects" >> beam.Flatten(),
            counts=tuple(step["counts"] for step in steps) | "Counts" >> beam.Flatten(),
        )


def _split(relative: str, config: ReadConfig) -> str | None:
    """What the splitter says; pictures that it refuses are of no split."""
    try:
        split: str | None = import_function(config.source.splitter)(relative, config.hparams)
    except (SkipFile, ValueError):
        return "neither"
    return split


class ImageFolderExampleGen(SourceExampleGen):
    """ExampleGen for `ImageFolderSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
