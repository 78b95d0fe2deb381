"""Examples that the task draws as they are read: there are no files.

With no files there are no fingerprints: TFX's cache follows the configuration, which holds the
settings, the seed and the number of examples among them, and the digest of the drawing code.
"""

from __future__ import annotations

from collections.abc import Sequence

from tfx.components.example_gen.component import QueryBasedExampleGen
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2

from components.example_gen.base import SourceExecutor
from components.example_gen.drawn.drawing_reader import draw_example
from components.example_gen.read_config import ReadConfig
from components.example_gen.told import configs
from modules.common.declaring.settings import Settings
from modules.common.declaring.task import Task
from modules.common.drawn.sources import GeneratedSource
from modules.common.reading.spans import Span


class Executor(SourceExecutor):
    """Draws examples. Items are their numbers."""

    reader = staticmethod(draw_example)
    in_processes = True

    @classmethod
    def items(cls, config: ReadConfig, patterns: Sequence[str]) -> range:
        """Numbers the examples."""
        source: GeneratedSource = config.source
        return range(source.examples(config.settings))


class GeneratedExampleGen(QueryBasedExampleGen):
    """ExampleGen for `GeneratedSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        task: Task,
        source: GeneratedSource,
        data_dir: str,
        told: Settings,
        source_digest: str,
        patterns: Sequence[str] | None = None,
        spans: Sequence[Span] = (),
    ) -> None:
        """Configures the component.

        Args:
            task: The declaration.
            source: Which of the task's sources is drawn from.
            data_dir: Empty: there is none.
            told: The settings that drawing is told.
            source_digest: Digest of the code that draws, so that an edit is noticed.
            patterns: Empty: there are no files.
            spans: None: there are no files.
        """
        split = example_gen_pb2.Input.Split(name="all", pattern=source.drawer)
        super().__init__(
            input_config=example_gen_pb2.Input(splits=[split]),
            **configs(task, source, told, source_digest),
        )
