"""railway_forecast: the part of the forecast that has a name: level, trend, season, calendar."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from modules.railway_forecast.task import HORIZON, WINDOW

_YEAR = 12
_YEARS = WINDOW // _YEAR
# Travel season's share and month length; sine and cosine of the month are the LSTM's only.
_EFFECTS = 2
_NEVER = -1e9
# Years that each member looks back for the season; one alone does best with three.
_LOOKS_BACK = (3, 2, 1, 4, 5)


class Structure(keras.layers.Layer):
    """Level, trend, season and calendar, each with its own weights for every track."""

    def __init__(self, origins: int, members: int, outlier_limit: float) -> None:
        """Sets up.

        Args:
            origins: Number of origins.
            members: Members of each origin's ensemble, which look back `_LOOKS_BACK` years.
            outlier_limit: Log deviation from the usual season that is not believed beyond.
        """
        super().__init__()
        self.tracks = origins * members
        self.outlier_limit = outlier_limit
        looks_back = [_LOOKS_BACK[m % _YEARS] for _ in range(origins) for m in range(members)]
        allowed = np.arange(_YEARS)[None] < np.array(looks_back)[:, None]
        self.forbidden = np.where(allowed, 0, _NEVER).astype(np.float32)  # [tracks, years]

    def build(self, *shapes: Any) -> None:
        """Makes the weights; with these first values it forecasts last year's mean."""
        self.trend = self.add_weight(shape=(self.tracks,), initializer="zeros", name="trend")
        self.season_trust = self.add_weight(
            shape=(self.tracks,), initializer="zeros", name="season_trust"
        )
        self.forgetting = self.add_weight(
            shape=(self.tracks, 1),
            initializer=keras.initializers.Constant(-0.5),
            name="forgetting",
        )
        self.effects = self.add_weight(
            shape=(self.tracks, _EFFECTS), initializer="zeros", name="effects"
        )

    def call(
        self, history: keras.KerasTensor, known: keras.KerasTensor, calendar: keras.KerasTensor
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """Forecasts.

        Args:
            history: float32 `[batch, WINDOW]`.
            known: Ones where there is history, float32 `[batch, WINDOW]`.
            calendar: float32 `[batch, WINDOW + HORIZON, CALENDAR_FEATURES]`.

        Returns:
            Forecast `[batch, tracks, HORIZON]`, and what it did not explain of the history,
            `[batch, tracks, WINDOW]`.
        """
        effect = ops.einsum("bte,pe->bpt", calendar[:, :, :_EFFECTS], self.effects)
        years = _by_year((history[:, None] - effect[:, :, :WINDOW]) * known[:, None])
        whole = ops.min(_by_year(known[:, None]), axis=-1)  # [batch, 1, years]
        years = self._without_outliers(years, whole)

        level = ops.mean(years, axis=-1)  # [batch, tracks, years]
        trend = 0.1 * self.trend[:, None]
        within = trend * (np.arange(_YEAR, dtype=np.float32) - (_YEAR - 1) / 2)
        seasons = years - level[..., None] - within[:, None]
        age = np.arange(_YEARS, dtype=np.float32)
        weights = ops.softmax(
            self.forbidden - ops.softplus(self.forgetting) * age + (1 - whole) * _NEVER
        )
        season = ops.sum(weights[..., None] * seasons, axis=2)  # [batch, tracks, 12]

        ahead = trend * (np.arange(HORIZON, dtype=np.float32) + 1 + (_YEAR - 1) / 2)
        forecast = (
            level[:, :, :1] + ahead + self.season_trust[:, None] * season + effect[:, :, WINDOW:]
        )
        unexplained = (seasons - season[:, :, None]) * whole[..., None]
        flat = ops.reshape(unexplained[:, :, ::-1], (-1, self.tracks, WINDOW))
        return forecast, flat

    def _without_outliers(
        self, years: keras.KerasTensor, whole: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Pulls months that stray from the usual season towards it, `[batch, tracks, years, 12]`.

        Twice, since an outlier bends what is usual.
        """
        # Nearly even weights, later years a little more.
        usual = ops.softmax(-0.1 * np.arange(_YEARS, dtype=np.float32) + (1 - whole) * _NEVER)
        for _ in range(2):
            deviation = years - ops.mean(years, axis=-1, keepdims=True)
            mean = ops.sum(usual[..., None] * deviation, axis=2, keepdims=True)
            stray = (deviation - mean) * whole[..., None]
            limit = self.outlier_limit
            years = years - (stray - limit * ops.tanh(stray / limit))
        return years


def _by_year(months: keras.KerasTensor) -> keras.KerasTensor:
    """Cuts `[batch, tracks, WINDOW]` into years, the last first: `[batch, tracks, years, 12]`."""
    return ops.reshape(months, (-1, months.shape[1], _YEARS, _YEAR))[:, :, ::-1]
