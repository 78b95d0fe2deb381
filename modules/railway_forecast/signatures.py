"""railway_forecast: what the served model answers, and the scores of its metrics."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.common.export.saved_model import Servable
from modules.common.graph.tensors import Arrays, Baselines, Tensors
from modules.common.training.input_pipeline import Split
from modules.railway_forecast import baselines as naive
from modules.railway_forecast.calendar_effects import FIRST_MONTH, LAST_MONTH, month_text
from modules.railway_forecast.classical_graph import ClassicalForecasts
from modules.railway_forecast.ensemble import network_shares
from modules.railway_forecast.intervals import scale_factors
from modules.railway_forecast.task import HORIZON, MAX_HISTORY, WINDOW, Settings
from modules.railway_forecast.windows import origin_offsets


class RailwayForecastServable(Servable):
    """Answers a history with the next twelve months.

    Attributes:
        classical: The ensemble's part that is fitted by likelihood.
        network_share: Of the forecast, the networks' part at each origin, float32 `[origins]`.
        interval_scale: Factor of the interval of each origin, float32 `[origins]`.
    """

    def prepare(self, transform_output: tft.TFTransformOutput) -> None:
        """Makes room for what `calibrate` finds."""
        self._offsets = origin_offsets(self.settings)
        ones = tf.ones([len(self._offsets)])
        self.classical = ClassicalForecasts(self._offsets)
        self.network_share = tf.Variable(0.5 * ones, trainable=False)
        self.interval_scale = tf.Variable(ones, trainable=False)

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Settings) -> Baselines:
        """Fits SARIMA and Holt-Winters at every origin; see `baselines.fit`."""
        return naive.fit(evaluation)

    def calibrate(self, train: Split) -> None:
        """Fits the classical models, and finds what older forecasts say of shares and intervals."""
        self.classical.fit(train)
        at_origin = np.isin(train["series_end"] - train["last_month"], self._offsets)
        if at_origin.any():
            self._learn_from({name: values[at_origin] for name, values in train.items()})

    def answer(self, raw: Tensors) -> Tensors:
        """Answers `history` float32 `[batch, months]` and `last_month` string `[batch]`."""
        last_month = _month_of(raw["last_month"])
        history = raw["history"][:, -MAX_HISTORY:]
        months = tf.shape(history)[1]
        return self._forecast(
            {
                "history": tf.pad(history, [[0, 0], [MAX_HISTORY - months, 0]]),
                "history_length": tf.fill(tf.shape(last_month), tf.cast(months, tf.int64)),
                "last_month": last_month,
            }
        )

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Forecasts what follows each example's history."""
        return self._forecast(
            {name: raw[name] for name in ("history", "history_length", "last_month")}
        )

    def score(self, raw: Tensors) -> Tensors:
        """Scores each origin's forecast by the parameters that were trained before it."""
        features = self.transform(raw)
        offset = tf.cast(features["series_end"] - features["last_month"], tf.int32)
        own = tf.argmax(offset[:, None] == tf.constant(self._offsets), axis=1)
        lower, median, upper = self._quantiles(features, own)
        actual = features["target"]
        known = features["target_known"]
        inside = tf.cast((lower <= actual) & (actual <= upper), tf.float32)

        def error_percent(forecast: tf.Tensor) -> tf.Tensor:
            relative = tf.abs(tf.exp(forecast - actual) - 1)
            return 100 * tf.reduce_sum(relative * known, axis=1)

        weight = tf.reduce_sum(known, axis=1)
        return {
            "mape__score": error_percent(median),
            "mape__weight": weight,
            "mape__seasonal_naive": error_percent(naive.seasonal_naive(features)),
            **{
                f"mape__{name}": error_percent(naive.forecast(features, self.baselines[name]))
                for name in naive.FITTED
            },
            "interval_coverage__score": tf.reduce_sum(inside * known, axis=1),
            "interval_coverage__weight": weight,
        }

    def _forecast(self, window: Tensors) -> Tensors:
        """Forecasts with the parameters that have seen the whole series."""
        rows = tf.size(window["last_month"])
        raw = {
            **window,
            "series_end": window["last_month"],
            "is_backtest": tf.zeros_like(window["last_month"]),
            "target": tf.zeros([rows, HORIZON]),
            "target_length": tf.zeros_like(window["last_month"]),
            "origin": tf.fill(tf.shape(window["last_month"]), ""),
        }
        features = self.transform(raw)
        last = tf.fill([rows], tf.constant(len(self._offsets) - 1, tf.int64))
        lower, median, upper = (
            tf.exp(logs + features["level"][:, None]) for logs in self._quantiles(features, last)
        )
        return {"forecast": median, "lower": lower, "upper": upper}

    def _quantiles(
        self, features: Tensors, origin: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Gives lower end, median and upper end of one origin's ensemble, `[batch, HORIZON]`."""
        share = tf.gather(self.network_share, origin)[:, None]
        networks = _networks(self.model, features, origin)
        median = share * networks + (1 - share) * self.classical.forecast(features, origin)
        reach = self.classical.reach_of(origin) * tf.gather(self.interval_scale, origin)[:, None]
        return median - reach, median, median + reach

    def _learn_from(self, past: Arrays) -> None:
        """Sets shares and intervals by the forecasts that were made at origins."""
        months_before_end = past["series_end"] - past["last_month"]
        own = tf.constant([self._offsets.index(offset) for offset in months_before_end])
        tensors = {name: tf.constant(values) for name, values in past.items()}
        known = (past["target"], past["target_known"], months_before_end, self._offsets)
        networks = _networks(self.model, tensors, own).numpy()
        classical = self.classical.forecast(tensors, own).numpy()
        self.network_share.assign(network_shares(networks, classical, *known))
        _, median, upper = (part.numpy() for part in self._quantiles(tensors, own))
        self.interval_scale.assign(scale_factors(median, upper - median, *known))


def _networks(model: keras.Model, features: Tensors, origin: tf.Tensor) -> tf.Tensor:
    """Gives the mean forecast of one origin's networks, `[batch, HORIZON]`."""
    forecasts = tf.reduce_mean(model(features, training=False)[..., 1], axis=2)
    return tf.gather(forecasts, origin, batch_dims=1)


def _month_of(text: tf.Tensor) -> tf.Tensor:
    """Reads `2016-10`, string `[batch]`, as months from year 0, int64 `[batch]`."""
    first, last = FIRST_MONTH + WINDOW, LAST_MONTH - HORIZON
    rule = f"last_month: expected {month_text(first)} to {month_text(last)}, as 2016-10, found"
    is_month = tf.strings.regex_full_match(text, r"\d{4}-(0[1-9]|1[0-2])")
    tf.debugging.Assert(tf.reduce_all(is_month), [rule, text])
    # A text that is refused must not fail first as a number.
    plain = tf.where(is_month, text, "0000-01")
    year = tf.strings.to_number(tf.strings.substr(plain, 0, 4), tf.int64)
    month = tf.strings.to_number(tf.strings.substr(plain, 5, 2), tf.int64)
    index = year * 12 + month - 1
    tf.debugging.Assert(tf.reduce_all((index >= first) & (index <= last)), [rule, text])
    return index
