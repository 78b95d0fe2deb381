"""Folders of pictures to examples; the task's labeler reads the labels from the paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import apache_beam as beam
from tfx.dsl.components.base import executor_spec

from components.example_gen import passed_over
from components.example_gen.base import Read, SourceExampleGen, SourceExecutor
from components.example_gen.pictures import picture_names
from components.example_gen.pictures.duplicates import keep_one_of_each
from components.example_gen.pictures.image_reader import (
    look_at_picture,
    read_picture,
    read_sighted,
    split_of_picture,
)
from components.example_gen.pictures.picture_classes import (
    check_classes,
    class_in,
    is_meant_as_picture,
)
from components.example_gen.read_config import ReadConfig
from components.example_gen.read_group import ReadGroup
from components.example_gen.records import SPLITS
from modules.common.declaring.sources import SkipFile
from modules.common.pictures.folder_layouts import find_layout
from modules.common.pictures.settings import ClassFolderSettings
from modules.common.pictures.sources import FOLDERS, ImageFolderSource
from modules.common.reading.data_files import find_files
from modules.common.reading.file_endings import PICTURES, ending_of, is_junk
from modules.common.reading.unread_files import (
    all_files,
    by_ending,
    check_groups,
    describe,
)
from modules.common.runtime.errors import DataError


class Executor(SourceExecutor):
    """Reads pictures."""

    reader = staticmethod(read_picture)
    in_processes = True

    @classmethod
    def items(cls, config: ReadConfig, patterns: Sequence[str]) -> list[str]:
        """Lists the pictures, by their endings.

        Args:
            config: What the reader will be told.
            patterns: Globs of the files, relative to the data folder.

        Raises:
            DataError: If there is none.
        """
        paths = find_files(config.data_dir, patterns)
        found = [path for path in paths if _is_picture(config.relative(path))]
        if not found:
            endings = describe(by_ending(map(config.relative, paths)))
            but = f" but {endings}" if endings else ""
            raise DataError(
                f"there is nothing in {config.data_dir}{but}; {config.task_name} reads "
                f"{config.source.layout}"
            )
        return found

    @classmethod
    def prepare(cls, items: Sequence[Any], config: ReadConfig) -> ReadConfig:
        """Finds out what the folders are, from all of them, and whether names are labels.

        Raises:
            DataError: If they can be read two ways.
        """
        source: ImageFolderSource = config.source
        if source.splitter != FOLDERS:
            return config
        pictures = [config.relative(path) for path in items]
        settings = config.settings
        wanted = settings.class_folders if isinstance(settings, ClassFolderSettings) else ""
        layout = find_layout(
            pictures,
            eval_folder=settings.eval_folder,
            class_folders=wanted,
            needs_class=source.needs_class,
        )
        config = replace(config, folders=layout)
        return picture_names.prepare(pictures, config) if source.named_after else config

    @classmethod
    def check(cls, paths: Sequence[str], config: ReadConfig) -> None:
        """Raises `DataError` where the folders leave one of the splits without a picture."""
        source: ImageFolderSource = config.source
        if not source.splitter:
            return
        told = {_split(config.relative(path), config) for path in paths}
        for split, purpose in (("train", "train on"), ("eval", "evaluate on")):
            if told.isdisjoint({split, None}):
                folder = config.settings.eval_folder
                advice = f"; --set eval_folder= names it, now {folder!r}" if folder else ""
                others = config.folders.other_splits() if config.folders else []
                if others and split == "eval":
                    advice += f" (there is {', '.join(f'{name}/' for name in others)})"
                raise DataError(
                    f"{config.data_dir} has no folder of pictures to {purpose}{advice}; "
                    f"{config.task_name} reads {source.layout}"
                )

    @classmethod
    def passed_over(
        cls, config: ReadConfig, patterns: Sequence[str], items: Sequence[Any]
    ) -> dict[str, int]:
        """Counts the files that are no pictures, and those that no folder of a class holds.

        Raises:
            DataError: If a class, or a folder, holds files but no picture.
        """
        read = {config.relative(path) for path in items}
        if config.labels:
            read.update(config.labels.files)
        passed = [path for path in all_files(config.data_dir) if path not in read]
        if config.source.needs_class:
            check_groups(
                read,
                passed,
                lambda path: class_in(path, config),
                lambda path: is_meant_as_picture(path, config),
                "class",
            )
        else:
            passed_over.check_folders(read, passed)
        pictures = [path for path in passed if ending_of(path) in PICTURES]
        where = "in no folder of a class" if config.source.needs_class else "in deeper folders"
        elsewhere = {f"{ending} {where}": count for ending, count in by_ending(pictures).items()}
        return by_ending(path for path in passed if ending_of(path) not in PICTURES) | elsewhere

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
            examples={split: [read[split]] for split in SPLITS},
            rejects=[step["rejects"] for step in steps],
            counts=[step["counts"] for step in steps],
        )

    @classmethod
    def notes(cls, items: Sequence[Any], config: ReadConfig) -> list[str]:
        """Says where labels come from, if not from the names."""
        return [f"texts from {config.labels.description}"] if config.labels else []

    @classmethod
    def check_read(cls, items: Sequence[Any], config: ReadConfig, output_dir: str) -> None:
        """Raises `DataError` where no picture of a class is left."""
        if config.source.needs_class:
            check_classes(map(config.relative, items), config, output_dir)


def _is_picture(relative: str) -> bool:
    return ending_of(relative) in PICTURES and not is_junk(relative)


def _split(relative: str, config: ReadConfig) -> str | None:
    """What the folders say; pictures that are refused are of no split."""
    try:
        return split_of_picture(relative, config)
    except (SkipFile, ValueError):
        return "neither"


class ImageFolderExampleGen(SourceExampleGen):
    """ExampleGen for `ImageFolderSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
