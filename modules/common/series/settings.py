"""Settings of what reads time series."""

from __future__ import annotations

from modules.common.declaring.settings import DATA, setting
from modules.common.reading.settings import NumberSettings
from modules.common.series.date_columns import AUTO, DATE_ORDERS


class SeriesSettings(NumberSettings):
    """For a table with dates and values."""

    value_column: str = setting(
        "", reads=DATA, doc="Name of the column with the values, where there are several."
    )
    date_order: str = setting(
        AUTO,
        choices=DATE_ORDERS,
        reads=DATA,
        doc="Order of day, month and year, where the table does not tell.",
    )
