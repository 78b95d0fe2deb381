"""Runs StatisticsGen in this process, as TFX does."""

from __future__ import annotations

from pathlib import Path

from tfx.components.statistics_gen.executor import Executor
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
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
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=["--runner=FnApiRunner", "--direct_running_mode=in_memory"],
        tmp_dir=str(output.parent),
        unique_id="1",
    )
    component = statistics_gen(channel_utils.as_channel([examples]))
    Executor(context).Do(
        {"examples": [examples]},
        {"statistics": [statistics]},
        dict(component.exec_properties),
    )
    return statistics
