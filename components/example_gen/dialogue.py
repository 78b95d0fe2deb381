"""Files of conversations to examples: pairs of a line and its reply."""

from __future__ import annotations

from collections.abc import Sequence

from tfx.dsl.components.base import executor_spec

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.dialogue_files import survey
from components.example_gen.dialogue_reader import read_dialogue
from components.example_gen.read_config import ReadConfig
from modules.common.errors import DataError

_SHOWN_FAULTS = 3


class Executor(SourceExecutor):
    """Reads files of conversations."""

    reader = staticmethod(read_dialogue)

    @classmethod
    def check(cls, paths: Sequence[str], config: ReadConfig) -> None:
        """Looks for a file in which someone says something.

        Raises:
            DataError: If there is none.
        """
        faults = []
        for path in paths:
            try:
                surveyed = survey(path)
            except OSError as error:
                faults.append(f"{config.relative(path)} cannot be read: {error.strerror or error}")
                continue
            if surveyed.has_lines:
                return
            faults.append(f"{config.relative(path)}: {surveyed.fault}")
        if len(faults) > _SHOWN_FAULTS:
            faults[_SHOWN_FAULTS:] = [f"and {len(faults) - _SHOWN_FAULTS:,} more files"]
        raise DataError(
            f"nobody says anything in {config.data_dir}: {'; '.join(faults)}. "
            f"{config.task_name} reads {config.source.layout}"
        )


class DialogueExampleGen(SourceExampleGen):
    """ExampleGen for `DialogueSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
