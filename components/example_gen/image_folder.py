"""Folders of pictures to examples; the task's labeler reads the labels from the paths."""

from __future__ import annotations

from tfx.dsl.components.base import executor_spec

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.image_reader import read_picture


class Executor(SourceExecutor):
    """Reads pictures."""

    reader = staticmethod(read_picture)
    in_processes = True


class ImageFolderExampleGen(SourceExampleGen):
    """ExampleGen for `ImageFolderSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
