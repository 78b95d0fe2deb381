"""railway_forecast: what the gate compares with, at the same origins."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from modules.common.graph.tensors import Arrays, Tensors
from modules.railway_forecast.task import HORIZON

_SEASON = 12
_ORDER = (1, 1, 1)
_SEASONAL_ORDER = (0, 1, 1, _SEASON)
# Multiplicative models may forecast below zero, where there is no logarithm.
_TINY = 1e-6


def fit(backtest: Mapping[str, np.ndarray]) -> dict[str, Arrays]:
    """Fits `FITTED` anew at each origin, on what lies before it.

    Args:
        backtest: The transformed evaluation split: `history` and `known` `[origins, months]`,
            `last_month` `[origins]`.

    Returns:
        For each name `origins` int64 `[origins]` and `forecasts` float32 `[origins, HORIZON]`,
        logarithms relative to `level`.
    """
    histories = [
        history[known > 0].astype(np.float64)
        for history, known in zip(backtest["history"], backtest["known"], strict=True)
    ]
    origins = np.asarray(backtest["last_month"], np.int64)
    fitted: dict[str, Arrays] = {}
    for name, forecaster in FITTED.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            forecasts = np.array([forecaster(logs) for logs in histories], np.float32)
        fitted[name] = {"origins": origins, "forecasts": forecasts.reshape(-1, HORIZON)}
    return fitted


def sarima(logs: np.ndarray) -> np.ndarray:
    """Forecasts by SARIMA(1,1,1)(0,1,1)₁₂ on logarithms, with statsmodels.

    Args:
        logs: float64 `[months]`.

    Returns:
        float64 `[HORIZON]`.
    """
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    model = SARIMAX(logs, order=_ORDER, seasonal_order=_SEASONAL_ORDER)
    forecast: np.ndarray = model.fit(disp=0).forecast(HORIZON)
    return forecast


def holt_winters(logs: np.ndarray) -> np.ndarray:
    """Forecasts by Holt-Winters with a damped trend and factors for months, with statsmodels.

    Args:
        logs: float64 `[months]`; the values themselves are smoothed.

    Returns:
        float64 `[HORIZON]`, logarithms.
    """
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    model = ExponentialSmoothing(
        np.exp(logs), trend="add", damped_trend=True, seasonal="mul", seasonal_periods=_SEASON
    )
    forecast: np.ndarray = np.log(np.maximum(model.fit().forecast(HORIZON), _TINY))
    return forecast


FITTED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sarima": sarima,
    "holt_winters": holt_winters,
}


def forecast(features: Tensors, fitted: Tensors) -> tf.Tensor:
    """Looks up what one of `FITTED` forecast, `[batch, HORIZON]`; zeros for other origins."""
    here = tf.equal(features["last_month"][:, None], fitted["origins"][None])
    return tf.matmul(tf.cast(here, tf.float32), tf.convert_to_tensor(fitted["forecasts"]))


def seasonal_naive(features: Tensors) -> tf.Tensor:
    """Repeats the last year: `[batch, HORIZON]`, logarithms relative to `level`."""
    return features["history"][:, -_SEASON:]
