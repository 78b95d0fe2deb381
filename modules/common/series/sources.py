"""The layout of time series, as tasks declare it. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import Joining
from modules.common.reading.table_sources import TableSource
from modules.common.series.settings import SeriesSettings


@dataclass(frozen=True, kw_only=True)
class TimeSeriesSource(TableSource):
    """A table with dates and values: one series, evenly spaced, upright or wide.

    Attributes:
        date_headers: Names the date column goes by; failing these, the first column is taken.
        value_headers: Names the value column goes by; failing these, the second.
        windower: Import path of a function `(TimeSeries, settings) -> iterable of (split, raw
            features)` that cuts the series into examples, split by time.
    """

    settings: ClassVar[tuple[type[Settings], ...]] = (SeriesSettings,)
    component: ClassVar[str] = "components.example_gen.series.time_series.TimeSeriesExampleGen"
    joining: ClassVar[Joining] = Joining(in_time=True)

    date_headers: tuple[str, ...]
    value_headers: tuple[str, ...]
    windower: str
