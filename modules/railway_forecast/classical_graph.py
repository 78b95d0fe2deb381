"""railway_forecast: forecasts of the classical models in the graph, by origin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from modules.common.graph.tensors import Tensors
from modules.common.training.input_pipeline import Split
from modules.railway_forecast.calendar_effects import FIRST_MONTH, LAST_MONTH, calendar_table
from modules.railway_forecast.classical import EFFECTS, fit_classical
from modules.railway_forecast.ensemble import member_shares
from modules.railway_forecast.intervals import came_before
from modules.railway_forecast.task import HORIZON, MAX_HISTORY, MIN_HISTORY


@dataclass(frozen=True)
class _Past:
    """What members missed at an origin: `[members, HORIZON]`, where known `[HORIZON]`."""

    offset: int
    errors: np.ndarray
    known: np.ndarray


class ClassicalForecasts(tf.Module):
    """Weights of histories: for each origin those of its own, for the last of any length.

    Attributes:
        weights: float32 `[origins - 1 + lengths, HORIZON, MAX_HISTORY]`; the last origin's are by
            length, from `MIN_HISTORY` on.
        effects: Of the calendar, float32 `[origins, EFFECTS]`.
        reach: Of the interval either way, float32 `[origins, HORIZON]`.
    """

    def __init__(self, offsets: tuple[int, ...]) -> None:
        """Makes room for what `fit` finds; `offsets` is what `windows.origin_offsets` gives."""
        super().__init__()
        self._offsets = offsets
        origins, lengths = len(offsets), MAX_HISTORY - MIN_HISTORY + 1
        rows = origins - 1 + lengths
        self.weights = tf.Variable(tf.zeros([rows, HORIZON, MAX_HISTORY]), trainable=False)
        self.effects = tf.Variable(tf.zeros([origins, EFFECTS]), trainable=False)
        self.reach = tf.Variable(tf.ones([origins, HORIZON]), trainable=False)

    def fit(self, train: Split) -> None:
        """Fits at each origin that has a history of `MIN_HISTORY`; see `fit_classical`.

        What older origins' members missed tells how much each counts at an origin.

        Args:
            train: The transformed training split.
        """
        names = ("history", "known", "last_month", "target", "target_known")
        windows = {name: train[name] for name in names}
        series_end = int(train["series_end"][0])
        found = (self.weights, self.effects, self.reach)
        weights, effects, reach = (each.numpy() for each in found)
        past: list[_Past] = []
        for origin, offset in enumerate(self._offsets):
            # No window ends with the series, as it would have nothing to forecast.
            beyond = 0 if offset else 1
            at = np.flatnonzero(windows["last_month"] == series_end - offset - beyond)
            if not len(at):
                continue
            window = {name: values[at[0]] for name, values in windows.items()}
            known = window["history"][window["known"] > 0]
            logs = np.concatenate([known, window["target"][:beyond]])[-MAX_HISTORY:]
            first = series_end - offset - len(logs) + 1 - FIRST_MONTH
            calendar = calendar_table()[first : first + len(logs) + HORIZON, :EFFECTS]
            fitted = fit_classical(logs, calendar[: len(logs)])
            effects[origin], reach[origin] = fitted.effects, fitted.reach
            shares = _shares_at(offset, past, len(fitted.members))
            if offset:
                weights[origin] = fitted.weights(len(logs), shares)
                errors = fitted.forecasts(logs, calendar) - window["target"]
                past.append(_Past(offset, errors, window["target_known"]))
            else:
                weights[origin:] = fitted.all_weights(shares)
        for variable, values in zip(found, (weights, effects, reach), strict=True):
            variable.assign(values)

    def forecast(self, features: Tensors, origin: tf.Tensor) -> tf.Tensor:
        """Forecasts.

        Args:
            features: `history` and `known` float32 `[batch, MAX_HISTORY]`, `last_month` int64
                `[batch]`.
            origin: Whose parameters, `[batch]`; but for the last one the history must be
                the one that ends there.

        Returns:
            float32 `[batch, HORIZON]`, logarithms relative to `level`.
        """
        months = features["last_month"][:, None] + np.arange(1 - MAX_HISTORY, HORIZON + 1)[None]
        rows = tf.clip_by_value(months - FIRST_MONTH, 0, LAST_MONTH - FIRST_MONTH)
        calendar = tf.gather(tf.constant(calendar_table()[:, :EFFECTS]), rows)
        effect = tf.einsum("bme,be->bm", calendar, tf.gather(self.effects, origin))
        plain = features["history"] - effect[:, :MAX_HISTORY] * features["known"]
        length = tf.cast(tf.reduce_sum(features["known"], axis=1), tf.int32)
        is_last = tf.cast(tf.equal(origin, len(self._offsets) - 1), tf.int32)
        longer = tf.maximum(length - MIN_HISTORY, 0)
        row = tf.cast(origin, tf.int32) + is_last * longer
        weights = tf.gather(self.weights, row)
        return tf.einsum("bhm,bm->bh", weights, plain) + effect[:, MAX_HISTORY:]

    def reach_of(self, origin: tf.Tensor) -> tf.Tensor:
        """Gives the interval's reach either way, float32 `[batch, HORIZON]`."""
        return tf.gather(self.reach, origin)


def _shares_at(offset: int, past: list[_Past], members: int) -> np.ndarray:
    if not past:
        return np.full(members, 1 / members)
    offsets = np.array([each.offset for each in past])
    usable = came_before(offset, offsets, np.stack([each.known for each in past]))
    return member_shares(np.stack([each.errors for each in past], axis=1), usable)
