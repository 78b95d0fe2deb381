"""railway_forecast: the model, whole.

Everything exists `tracks` times, side by side: for each origin (see `windows.origin_offsets`) an
ensemble of members. A track learns from months up to its origin only, so one `fit` trains a whole
rolling-origin backtest, and the last origin's tracks are what is served. All tensors are
logarithms relative to the mean of the last twelve months.

A track's forecast is the sum of

- `Structure`: the last year's level, a trend, the season of the last years, the calendar's effect;
- `Correction`: an LSTM over the last two years, whose last state says what to add to each of the
  twelve months, and how far the interval reaches below and above.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow_transform as tft
from keras import ops

from modules.common.training import replicas
from modules.railway_forecast.structure import Structure
from modules.railway_forecast.task import (
    CALENDAR_FEATURES,
    HORIZON,
    MAX_HISTORY,
    QUANTILES,
    WINDOW,
    Settings,
)
from modules.railway_forecast.windows import origin_offsets

_LSTM_MONTHS = 24
# Brings history, calendar and residuals to about one, for the LSTM.
_INPUT_SCALES = np.array([4, 1, 10, 1, 1], np.float32)
_RESIDUAL_SCALE = 10.0
# Errors below this, in logarithms, are squared, not absolute: the pinball loss made smooth.
_SMOOTHING = 0.01
# The weights' moving average has the memory of one in so many of the epochs.
_AVERAGED = 6


class Correction(keras.layers.Layer):
    """An LSTM for every track, all stepped together."""

    def __init__(self, tracks: int, settings: Settings) -> None:
        """Sets up; `settings` gives units, noise, dropout and the correction's scale."""
        super().__init__()
        self.tracks = tracks
        self.units = settings.units
        self.scale = settings.correction_scale
        self.noise = keras.layers.GaussianNoise(settings.input_noise)
        self.dropout = keras.layers.Dropout(settings.dropout)

    def build(self, *shapes: Any) -> None:
        """Makes the weights."""
        gates, inputs = 4 * self.units, 1 + CALENDAR_FEATURES
        self.input_kernel = self._kernel("input_kernel", inputs, gates, inputs**-0.5)
        self.residual_kernel = self._kernel("residual_kernel", 1, gates, 0.3)
        self.state_kernel = self._kernel("state_kernel", self.units, gates, self.units**-0.5)
        self.bias = self.add_weight(shape=(self.tracks, 1, gates), initializer="zeros", name="bias")
        self.head = self._kernel("head", self.units, 3 * HORIZON, 0.1)
        self.width = self.add_weight(
            shape=(self.tracks, HORIZON, 2),
            initializer=keras.initializers.Constant(-2.5),
            name="width",
        )

    def _kernel(self, name: str, rows: int, columns: int, deviation: float) -> keras.Variable:
        initializer = keras.initializers.RandomNormal(stddev=deviation)
        shape = (self.tracks, rows, columns)
        return self.add_weight(shape=shape, initializer=initializer, name=name)

    def call(
        self,
        history: keras.KerasTensor,
        known: keras.KerasTensor,
        calendar: keras.KerasTensor,
        unexplained: keras.KerasTensor,
        training: bool = False,
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """Corrects.

        Args:
            history: float32 `[batch, WINDOW]`.
            known: float32 `[batch, WINDOW]`.
            calendar: float32 `[batch, WINDOW + HORIZON, CALENDAR_FEATURES]`.
            unexplained: float32 `[batch, tracks, WINDOW]`.
            training: Whether noise and dropout are on.

        Returns:
            What to add, `[batch, tracks, HORIZON]`, and the reach below and above, all positive,
            `[batch, tracks, HORIZON, 2]`.
        """
        sequence = ops.concatenate([history[..., None], calendar[:, :WINDOW]], axis=-1)
        sequence = sequence[:, -_LSTM_MONTHS:] * _INPUT_SCALES
        sequence = self.noise(sequence, training=training) * known[:, -_LSTM_MONTHS:, None]
        residuals = _RESIDUAL_SCALE * ops.transpose(unexplained[:, :, -_LSTM_MONTHS:], (2, 1, 0))
        # Products, since the gradient of what is spread over months and batch is a slow sum.
        own = ops.stack([residuals, ops.ones_like(residuals)], axis=-1)
        own_kernel = ops.concatenate([self.residual_kernel, self.bias], axis=1)
        gates = ops.einsum("bti,pig->tpbg", sequence, self.input_kernel) + ops.einsum(
            "tpbi,pig->tpbg", own, own_kernel
        )  # [months, tracks, batch, 4 * units]
        state = cell = ops.zeros_like(gates[0, :, :, : self.units])
        # Months taken out one by one would each send back a gradient of all of them.
        for of_month in ops.unstack(gates, _LSTM_MONTHS):
            keep, forget, new, out = ops.split(
                of_month + ops.matmul(state, self.state_kernel), 4, axis=-1
            )
            cell = ops.sigmoid(forget + 1) * cell + ops.sigmoid(keep) * ops.tanh(new)
            state = ops.sigmoid(out) * ops.tanh(cell)
        answer = ops.matmul(self.dropout(state, training=training), self.head)
        answer = ops.reshape(ops.transpose(answer, (1, 0, 2)), (-1, self.tracks, HORIZON, 3))
        reach = ops.softplus(self.width) * ops.exp(0.3 * answer[..., 1:])
        return self.scale * answer[..., 0], reach


class Forecaster(keras.Model):
    """Adds the loss, which shows each track only what was known at its origin."""

    loss_is_whole = True
    """It divides by months that count, not by examples, so that replicas make it together."""

    def call(self, inputs: dict[str, Any], training: bool | None = None, mask: Any = None) -> Any:
        """Forecasts; features that only the loss reads are left out, since Keras minds them."""
        return super().call({name: inputs[name] for name in self.input}, training=training)

    def compute_loss(  # noqa: D417 - Keras's arguments
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Computes the pinball loss in logarithms, mean over tracks, and the priors.

        Args:
            x: Features; `last_month`, `series_end`, `is_backtest` and `target_known` say what
                counts.
            y: float32 `[batch, HORIZON]`.
            y_pred: float32 `[batch, origins, members, HORIZON, 3]`.
        """
        counts = visible(x, self.offsets)  # [batch, origins, HORIZON]
        error = y[:, None, None, :, None] - y_pred
        quantiles = np.array(QUANTILES, np.float32)
        size = ops.sqrt(error**2 + _SMOOTHING**2) - _SMOOTHING
        pinball = ops.sum(0.5 * size + (quantiles - 0.5) * error, axis=-1)
        sums = [ops.mean(pinball, axis=2) * counts, counts]
        by_origin, months = replicas.sum_over([ops.sum(each, axis=(0, 2)) for each in sums])
        loss = ops.mean(by_origin / ops.maximum(months, 1))
        return loss + self._priors() if training else loss

    def _priors(self) -> Any:
        """Small weights, and a season that is believed; mean over tracks."""
        structure, correction = self.structure, self.correction
        kernels = (correction.input_kernel, correction.state_kernel, correction.head)
        squares = sum(ops.sum(kernel**2) for kernel in kernels) + ops.sum(structure.effects**2)
        doubt = ops.sum((structure.season_trust - 1) ** 2)
        return (1e-4 * squares + 0.03 * doubt) / structure.tracks


def visible(features: dict[str, Any], offsets: tuple[int, ...]) -> Any:
    """Tells which target months of which example each origin may be trained or scored on.

    Args:
        features: `last_month` and `series_end` int64 `[batch]`, `is_backtest` float32 `[batch]`,
            `target_known` float32 `[batch, HORIZON]`.
        offsets: What `windows.origin_offsets` gives.

    Returns:
        float32 `[batch, origins, HORIZON]`: in training, months up to the origin; for an example
        of the backtest, all months for its own origin and none for the others.
    """
    last_month = ops.cast(features["last_month"], "int64")[:, None]
    origin = ops.cast(features["series_end"], "int64")[:, None] - np.array(offsets, np.int64)
    months = last_month[..., None] + np.arange(1, HORIZON + 1, dtype=np.int64)
    past = ops.cast(months <= origin[..., None], "float32")
    own = ops.cast(origin == last_month, "float32")[..., None]
    is_backtest = ops.cast(features["is_backtest"], "float32")[:, None, None]
    return ops.where(is_backtest > 0, own, past) * features["target_known"][:, None]


def build_model(settings: Settings, transform_output: tft.TFTransformOutput) -> keras.Model:
    """Builds and compiles the model.

    Args:
        settings: Resolved settings.
        transform_output: Not used: all shapes are declared.

    Returns:
        The features without the label to quantiles of the logarithms relative to `level`,
        `[batch, origins, members, HORIZON, 3]`, origins as `windows.origin_offsets` orders them.
    """
    offsets = origin_offsets(settings)
    members = settings.members
    inputs = {
        "history": keras.Input((MAX_HISTORY,), name="history"),
        "known": keras.Input((MAX_HISTORY,), name="known"),
        "calendar": keras.Input((WINDOW + HORIZON, CALENDAR_FEATURES), name="calendar"),
    }
    read = (inputs["history"][:, -WINDOW:], inputs["known"][:, -WINDOW:], inputs["calendar"])
    structure = Structure(len(offsets), members, settings.outlier_limit)
    correction = Correction(len(offsets) * members, settings)
    forecast, unexplained = structure(*read)
    added, reach = correction(*read, unexplained)
    median = forecast + added
    paths = ops.stack([median - reach[..., 0], median, median + reach[..., 1]], axis=-1)
    quantiles = ops.reshape(paths, (-1, len(offsets), members, HORIZON, len(QUANTILES)))

    model = Forecaster(inputs, quantiles)
    model.structure, model.correction, model.offsets = structure, correction, offsets
    # Adam is element by element, so that no track's step depends on another's gradient; the
    # moving average of the weights takes the place of a learning-rate schedule. It must not
    # reach back to the first weights, which it begins with.
    momentum = max(1 - _AVERAGED / max(settings.epochs, 1), 0)
    optimizer = keras.optimizers.Adam(settings.learning_rate, use_ema=True, ema_momentum=momentum)
    model.compile(optimizer=optimizer, jit_compile=False)
    return model
