"""A time series to examples: windows that the task cuts, split by time."""

from __future__ import annotations

from collections.abc import Iterator

from tfx.dsl.components.base import executor_spec
from tfx.dsl.io import fileio
from tfx.utils import import_utils

from components.example_gen.base import ReadConfig, SourceExampleGen, SourceExecutor
from components.example_gen.records import Record, Reject
from modules.common import time_series
from modules.common.errors import DataError
from modules.common.sources import TimeSeriesSource


def read_series(path: str, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads one file whole and cuts it into windows.

    Args:
        path: A CSV file with a date and a value in each row.
        config: Its source must be a `TimeSeriesSource`.

    Yields:
        A record for each window, and a reject for each bad or missing date, with its line.
    """
    source: TimeSeriesSource = config.source
    series, rejects = _parse(path, source)
    for reject in rejects:
        yield Reject(config.relative(path), f"line {reject.line}", reject.reason)
    windower = import_utils.import_func_from_source if False else _import(source.windower)
    for split, features in windower(series, config.hparams):
        yield Record(split, features)
