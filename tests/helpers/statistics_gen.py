"""Runs StatisticsGen in this process, as TFX does."""

from __future__ import annotations

from pathlib import Path

from run_executor import beam_context
from tfx.components.statistics_gen.executor import Executor
from tfx.types import channel_utils
from tfx.types.standard_artifacts import Examples, ExampleStatistics

from pipelines.counting import statistics_gen


def statistics_of(examples: Examples, output: Path) -> ExampleStatistics:
    """Gives the statistics of both splits.

    Args:
        examples: What `run_executor.execute` gave.
        output: Where they go.
    """
    examples.split_names = '["train", "eval"]'
    statistics = ExampleStatistics()
    statistics.uri = str(output)
    component = statistics_gen(channel_utils.as_channel([examples]))
    Executor(beam_context(output.parent)).Do(
        {"examples": [examples]},
        {"statistics": [statistics]},
        dict(component.exec_properties),
    )
    return statistics
