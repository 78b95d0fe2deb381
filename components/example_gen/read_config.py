"""What a reader of raw data is told. Light: readers may run in processes without TensorFlow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from modules.common.declaring.registry import load_task
from modules.common.declaring.task import Task
from modules.common.pictures.folder_layouts import FolderLayout
from modules.common.pictures.label_lists import LabelList


@dataclass(frozen=True, kw_only=True)
class ReadConfig:
    """What a reader is told.

    Attributes:
        task_name: The task.
        source: Which of the task's sources is read; the subclass that the reader is made for.
        settings: Those that reading is told; the class is the task's own.
        data_dir: The data folder, or empty where there is none.
        folders: What the folders of pictures are, where they tell split or class.
        labels: What lists say that pictures show, where there are such lists.
        conventions: How tables write their values, by the name of the `Convention`.
        notes: What a person should know of how the data is read.
    """

    task_name: str
    source: Any
    settings: Any
    data_dir: str
    folders: FolderLayout | None = None
    labels: LabelList | None = None
    conventions: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def task(self) -> Task:
        """The declaration."""
        return load_task(self.task_name)

    def relative(self, path: str) -> str:
        """Gives `path` as people know it: relative to the data folder."""
        start = f"{self.data_dir.rstrip('/')}/"
        if path.startswith(start):
            # A few hundred thousand paths are many for `relpath`.
            return path[len(start) :]
        return os.path.relpath(path, self.data_dir)


# Turns one item, such as a path, into records and rejects, or into what leads to them.
Reader = Callable[[Any, ReadConfig], Iterator[Any]]
