"""railway_forecast: what the gate compares with, at the same origins."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from modules.common.graph.tensors import Arrays, Tensors
from modules.railway_forecast.task import HORIZON

_SEASON = 12
_ORDER = (1, 1, 1)
_SEASONAL_ORDER = (0, 1, 1, _SEASON)


def fit_sarima(backtest: Mapping[str, np.ndarray]) -> Arrays:
    """Fits SARIMA(1,1,1)(0,1,1)₁₂ on the logarithms, anew at each origin, on what lies before it.

    Args:
        backtest: The transformed evaluation split: `history` and `known` `[origins, months]`,
            `last_month` `[origins]`.

    Returns:
        `sarima_origins` int64 `[origins]` and `sarima_forecasts` float32 `[origins, HORIZON]`,
        logarithms relative to `level`.
    """
    forecasts = [
        sarima(history[known > 0])
        for history, known in zip(backtest["history"], backtest["known"], strict=True)
    ]
    return {
        "sarima_origins": np.asarray(backtest["last_month"], np.int64),
        "sarima_forecasts": np.asarray(forecasts, np.float32).reshape(-1, HORIZON),
    }


def sarima(logs: np.ndarray) -> np.ndarray:
    """Forecasts the next months with statsmodels.

    Args:
        logs: float `[months]`.

    Returns:
        float64 `[HORIZON]`.
    """
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SARIMAX(logs.astype(np.float64), order=_ORDER, seasonal_order=_SEASONAL_ORDER)
        forecast: np.ndarray = model.fit(disp=0).forecast(HORIZON)
    return forecast


def sarima_forecast(features: Tensors, fitted: Tensors) -> tf.Tensor:
    """Looks up what `fit_sarima` forecast, `[batch, HORIZON]`; zeros for other origins."""
    here = tf.equal(features["last_month"][:, None], fitted["sarima_origins"][None])
    return tf.matmul(tf.cast(here, tf.float32), tf.convert_to_tensor(fitted["sarima_forecasts"]))


def seasonal_naive(features: Tensors) -> tf.Tensor:
    """Repeats the last year: `[batch, HORIZON]`, logarithms relative to `level`."""
    return features["history"][:, -_SEASON:]
