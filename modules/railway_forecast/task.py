"""railway_forecast: a monthly series to its next twelve months, with 80 % intervals.

Data: CSV of a date and a value; weekly and daily series are brought to months.

Model: an ensemble of networks, a SARIMA and three kinds of exponential smoothing on logarithms,
weighted by what each missed at older origins (after Bates and Granger, "The combination of
forecasts", 1969). A network is a level, a seasonal pattern, a trend and a calendar effect, each
with learned weights, and an LSTM that corrects them (after Smyl, "A hybrid method of exponential
smoothing and recurrent neural networks for time series forecasting", 2020); twelve months at once,
three quantiles (Wen et al., "A multi-horizon quantile recurrent forecaster", 2017), of which the
median counts. It differs in that the seasonal part is a weighted mean of whole years, winsorized,
and knows the Chinese New Year. 80 % intervals are the classical models', scaled by older errors.

Split by time: the evaluation split is a backtest of rolling origins, and each origin is forecast
by parameters of its own that were trained on the months before it only.

Gate: MAPE over the backtest below that of repeating last year, and not behind SARIMA and
Holt-Winters, which are refitted at each origin, by more than a standard error.

The exercise that this comes from trains an LSTM of 6 units on windows of three months, with
neither logarithm nor calendar, and tests on nothing.
"""

from __future__ import annotations

from modules.common.declaring.settings import DATA, SAMPLE, setting
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import DropoutSettings, TrainingSettings
from modules.common.series.settings import SeriesSettings
from modules.common.series.sources import TimeSeriesSource

HORIZON = 12
# Months of history that an example carries; the model reads the last WINDOW of them.
MAX_HISTORY = 240
WINDOW = 60
MIN_HISTORY = 24
CALENDAR_FEATURES = 4
# The interval's ends and the forecast itself.
QUANTILES = (0.1, 0.5, 0.9)
_BASELINES = ("seasonal_naive", "sarima", "holt_winters")

_EXAMPLE_HISTORY = tuple(
    base * (1 + month * 0.006)
    for month, base in enumerate((93, 106, 93, 91, 97, 86, 108, 112, 94, 100, 86, 85) * 3)
)

SOURCE = TimeSeriesSource(
    layout="one CSV file with the header 时间,铁路客运量_当期值(万人) (or any two columns, "
    "a date and a value), monthly, weekly or daily",
    date_headers=("时间", "日期", "月份", "date", "time", "month", "ds"),
    value_headers=("铁路客运量_当期值(万人)", "铁路客运量", "数值", "value", "y"),
    windower="modules.railway_forecast.windows.windows",
)


class Settings(TrainingSettings, DropoutSettings, SeriesSettings):
    """What may be set for railway_forecast."""

    seed: int = setting(20170101)
    # Its sums of logarithms need all digits, and its layers are of one type.
    precision: str = setting("float32", choices=("float32",))
    epochs: int = setting(300, smoke=40)
    batch_size: int = setting(512)
    learning_rate: float = setting(0.01, smoke=0.04)
    # No early stopping: the backtest must not choose the weights that it judges.
    patience: int = setting(0)
    combine: str = setting(
        "sum",
        choices=("sum", "mean"),
        reads=DATA,
        doc="How weeks and days become months: added up or averaged.",
    )
    origins: int = setting(6, at_least=1, reads=DATA, doc="Forecasts that the backtest makes.")
    origin_step: int = setting(
        6, at_least=1, reads=DATA, doc="Months from one of them to the next."
    )
    calibration_origins: int = setting(
        6,
        smoke=4,
        at_least=0,
        reads=DATA,
        doc="Older forecasts that set the ensemble's weights and the width of intervals.",
    )
    members: int = setting(
        3,
        smoke=1,
        at_least=1,
        doc="Networks whose forecasts are averaged; they look back three, two and one years "
        "for the season.",
    )
    units: int = setting(8, at_least=1, doc="Hidden units of each.")
    input_noise: float = setting(
        0.3, at_least=0, doc="Standard deviation of the noise that training adds to the inputs."
    )
    dropout: float = setting(0.3)
    correction_scale: float = setting(
        0.3, at_least=0, doc="Most that a network corrects the seasonal forecast by, in logarithm."
    )
    outlier_limit: float = setting(
        0.08,
        at_least=0,
        doc="Deviation from the usual season beyond which a month is not believed, in logarithm.",
    )
    sample_months: int = setting(142, at_least=1, reads=SAMPLE, doc="Months that are made up.")


TASK = Task(
    name="railway_forecast",
    title="Monthly passengers → the next twelve months",
    sources=(SOURCE,),
    features=(
        Feature(name="history", dtype="float32", shape=(MAX_HISTORY,)),
        Feature(name="known", dtype="float32", shape=(MAX_HISTORY,)),
        Feature(name="level", dtype="float32"),
        Feature(name="calendar", dtype="float32", shape=(WINDOW + HORIZON, CALENDAR_FEATURES)),
        Feature(name="last_month", dtype="int64"),
        Feature(name="series_end", dtype="int64"),
        Feature(name="is_backtest", dtype="float32"),
        Feature(name="target_known", dtype="float32", shape=(HORIZON,)),
        Feature(name="target", dtype="float32", shape=(HORIZON,)),
    ),
    label="target",
    settings=Settings,
    metrics=(
        Metric(
            name="mape",
            doc="mean absolute error in percent of the actual value, over all origins and months",
            better="lower",
            baselines=_BASELINES,
            gate=Gate(
                baseline="seasonal_naive", level_with=("sarima", "holt_winters"), max_drop=1.0
            ),
        ),
        Metric(
            name="interval_coverage",
            doc="fraction of actual values inside the 80 % interval",
            percent=True,
        ),
    ),
    serving=Serving(
        inputs=(
            Field(
                name="history",
                raw="history",
                dtype="float32",
                shape=(None,),
                kind="series",
                above=0,
                min_items=MIN_HISTORY,
                doc=f"the series up to now by months, oldest first; the last {WINDOW} count",
            ),
            Field(
                name="last_month",
                raw="last_month",
                dtype="string",
                kind="month",
                doc="month of its last value, such as `2016-10`",
            ),
        ),
        outputs=(
            Field(
                name="forecast",
                raw="target",
                dtype="float32",
                shape=(HORIZON,),
                kind="forecast",
                doc="median of each of the next twelve months, in the unit of `history`",
            ),
            Field(
                name="lower",
                dtype="float32",
                shape=(HORIZON,),
                kind="lower",
                of="forecast",
                doc="lower end of the 80 % interval",
            ),
            Field(
                name="upper",
                dtype="float32",
                shape=(HORIZON,),
                kind="upper",
                of="forecast",
                doc="upper end of the 80 % interval",
            ),
        ),
        example={"history": [list(_EXAMPLE_HISTORY)], "last_month": ["2016-10"]},
    ),
    slices=("origin",),
)
