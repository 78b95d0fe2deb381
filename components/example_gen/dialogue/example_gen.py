"""Files of conversations to examples: pairs of a line and its reply."""

from __future__ import annotations

from collections.abc import Sequence

from tfx.dsl.components.base import executor_spec

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.dialogue.dialogue_files import survey
from components.example_gen.dialogue.dialogue_reader import read_and_count
from components.example_gen.dialogue.dialogue_tables import is_table, layout_of
from components.example_gen.read_config import ReadConfig
from modules.common.runtime.errors import DataError

_SHOWN_FAULTS = 3


class Executor(SourceExecutor):
    """Reads files of conversations."""

    reader = staticmethod(read_and_count)

    @classmethod
    def check(cls, paths: Sequence[str], config: ReadConfig) -> None:
        """Looks for a file in which someone says something.

        Raises:
            DataError: If there is none, or if it is not clear what the columns of a table are.
        """
        faults = []
        has_lines = False
        for path in paths:
            name = config.relative(path)
            try:
                fault = _table_fault(path, name, config) if is_table(path) else survey(path).fault
            except OSError as error:
                faults.append(f"{name} cannot be read: {error.strerror or error}")
                continue
            has_lines = has_lines or not fault
            if has_lines and not is_table(path):
                return
            faults += [f"{name}: {fault}"] if fault else []
        if has_lines:
            return
        if len(faults) > _SHOWN_FAULTS:
            faults[_SHOWN_FAULTS:] = [f"and {len(faults) - _SHOWN_FAULTS:,} more files"]
        raise DataError(
            f"nobody says anything in {config.data_dir}: {'; '.join(faults)}. "
            f"{config.task_name} reads {config.source.layout}"
        )


def _table_fault(path: str, name: str, config: ReadConfig) -> str:
    """Gives what is wrong with a table in which there is nothing; raises for one not clear."""
    layout = layout_of(path)
    if layout.fault and not layout.is_empty:
        raise DataError(
            f"{name} in {config.data_dir}: {layout.fault}. {config.task_name} reads "
            f"{config.source.layout}"
        )
    return layout.fault


class DialogueExampleGen(SourceExampleGen):
    """ExampleGen for `DialogueSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
