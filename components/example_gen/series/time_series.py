"""A time series to examples: windows that the task cuts, split by time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tfx.dsl.components.base import executor_spec
from tfx.dsl.io import fileio

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import BAD, SET_ASIDE, Record, Reject, Used
from modules.common.declaring.registry import import_function
from modules.common.runtime.errors import DataError
from modules.common.series import time_series
from modules.common.series.sources import TimeSeriesSource


def read_series(path: str, config: ReadConfig) -> Iterator[Record | Reject | Used]:
    """Reads one file whole and cuts it into windows.

    Args:
        path: A CSV file with a date and a value in each row.
        config: Its source must be a `TimeSeriesSource`.

    Yields:
        A record for each window, a reject for each bad or missing date, with its line, and how many
        rows were used.

    Raises:
        DataError: If a long stretch is missing, or the series is too short for the task.
    """
    source: TimeSeriesSource = config.source
    with fileio.open(path, "rb") as file:
        series, rejects = time_series.parse(file.read(), source, config.settings)
    for reject in rejects:
        kind = BAD if reject.is_bad else SET_ASIDE
        yield Reject(config.relative(path), f"line {reject.line}", reject.reason, kind)
    yield Used(series.rows)
    for split, features in import_function(source.windower)(series, config.settings):
        yield Record(split, features)


class Executor(SourceExecutor):
    """Reads one series."""

    reader = staticmethod(read_series)

    @classmethod
    def check(cls, paths: Sequence[str], config: ReadConfig) -> None:
        """Reads the series once: an error says more here than out of a worker.

        Raises:
            DataError: If there are several files, or what `read_series` raises.
        """
        if len(paths) > 1:
            names = ", ".join(config.relative(path) for path in paths)
            raise DataError(
                f"{config.data_dir} holds several series: {names}; name one of the files"
            )
        try:
            for _ in read_series(paths[0], config):
                pass
        except DataError as error:
            raise DataError(f"{config.relative(paths[0])}: {error}") from error

    @classmethod
    def notes(cls, items: Sequence[str], config: ReadConfig) -> list[str]:
        """Says which column the values are from."""
        with fileio.open(items[0], "rb") as file:
            series, _ = time_series.parse(file.read(), config.source, config.settings)
        others = ", ".join(series.others)
        chooses = f", not {others}: --set value_column= chooses" if others else ""
        return [f"values from {series.column!r}{chooses}"]


class TimeSeriesExampleGen(SourceExampleGen):
    """ExampleGen for `TimeSeriesSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
