"""Innovations models against statsmodels and loops, and what older errors say of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing
from statsmodels.tsa.statespace.sarimax import SARIMAX

from modules.railway_forecast import innovations
from modules.railway_forecast.classical import calendar_effects, fit_classical
from modules.railway_forecast.ensemble import member_shares, network_shares
from modules.railway_forecast.task import HORIZON

MONTHS = 96
# Of level, trend and season.
GAINS = (0.4, 0.1, 0.2)
DAMPING = 0.9


@pytest.fixture(scope="module")
def logs() -> np.ndarray:
    rng = np.random.default_rng(5)
    season = rng.normal(0, 0.1, 12)[np.arange(MONTHS) % 12]
    return np.cumsum(rng.normal(0.005, 0.02, MONTHS)) + season + rng.normal(0, 0.02, MONTHS)


def _none(months: int = MONTHS) -> np.ndarray:
    return np.zeros((months, 0))


def test_fitted_sarima_forecasts_as_statsmodels(logs: np.ndarray) -> None:
    polynomials = innovations.fit(innovations.AIRLINE, logs, _none())
    ours = innovations.forecast_weights(polynomials, MONTHS, HORIZON) @ logs
    theirs = SARIMAX(logs, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12)).fit(disp=0)
    np.testing.assert_allclose(ours, theirs.forecast(HORIZON), atol=0.01)
    variance = innovations.solve(polynomials, logs, _none()).variance
    errors = theirs.get_forecast(HORIZON).se_mean
    np.testing.assert_allclose(
        innovations.spread(polynomials, variance, HORIZON), errors, rtol=0.25
    )


def _smooth(logs: np.ndarray, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Errors and forecast of Holt-Winters, from a level, a trend and twelve seasons on."""
    level, trend, *seasons = states
    errors = []
    for value in logs:
        error = value - (level + DAMPING * trend + seasons[0])
        level, trend = (
            level + DAMPING * trend + GAINS[0] * error,
            DAMPING * trend + GAINS[1] * error,
        )
        seasons = [*seasons[1:], seasons[0] + GAINS[2] * error]
        errors.append(error)
    decay = np.cumsum(DAMPING ** np.arange(1, HORIZON + 1))
    return np.array(errors), level + decay * trend + np.array(seasons)


def test_holt_winters_is_the_recursion_with_the_best_states(logs: np.ndarray) -> None:
    polynomials = innovations.holt_winters(*GAINS, DAMPING)
    base, _ = _smooth(logs, np.zeros(14))
    design = np.array([_smooth(logs, row)[0] - base for row in np.eye(14)]).T
    states, *_ = np.linalg.lstsq(design, -base, rcond=None)
    errors, forecast = _smooth(logs, states)
    solved = innovations.solve(polynomials, logs, _none())
    np.testing.assert_allclose(solved.errors, errors, atol=1e-5)
    ours = innovations.forecast_weights(polynomials, MONTHS, HORIZON) @ logs
    np.testing.assert_allclose(ours, forecast, atol=1e-5)


@pytest.mark.parametrize(
    ("family", "trend", "fixed"),
    [
        (1, {"trend": "add", "damped_trend": True}, {}),
        (2, {"trend": None}, {}),
        (3, {"trend": "add"}, {"smoothing_trend": 0.0}),
    ],
    ids=["damped", "none", "the same always"],
)
def test_fitted_smoothing_forecasts_as_statsmodels(
    logs: np.ndarray, family: int, trend: dict[str, Any], fixed: dict[str, float]
) -> None:
    fitted = innovations.fit(innovations.FAMILIES[family], logs, _none())
    ours = innovations.forecast_weights(fitted, MONTHS, HORIZON)
    theirs = ExponentialSmoothing(logs, seasonal="add", seasonal_periods=12, **trend).fit(**fixed)
    np.testing.assert_allclose(ours @ logs, theirs.forecast(HORIZON), atol=0.03)


@pytest.mark.parametrize("months", [24, 60, MONTHS])
def test_weights_forecast_as_the_recursion_does(logs: np.ndarray, months: int) -> None:
    for family in innovations.FAMILIES:
        polynomials = family.polynomials(np.asarray(family.start))
        history = logs[:months]
        errors = list(innovations.solve(polynomials, history, _none(months)).errors)
        values, count = list(history), polynomials.states
        for _ in range(HORIZON):
            past = range(1, count + 1)
            values.append(
                sum(polynomials.ma[k] * errors[-k] - polynomials.ar[k] * values[-k] for k in past)
            )
            errors.append(0.0)
        weights = innovations.forecast_weights(polynomials, months, HORIZON)
        np.testing.assert_allclose(weights @ history, values[months:], atol=1e-6)
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)


def test_an_effect_counts_only_where_it_shows(logs: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    calendar = rng.normal(0, 0.3, (MONTHS + HORIZON, 2))
    found = calendar_effects(logs + 0.3 * calendar[:MONTHS, 0], calendar[:MONTHS])
    assert found[0] == pytest.approx(0.3, abs=0.03)
    assert found[1] == 0
    assert (calendar_effects(logs, calendar[:MONTHS]) == 0).all()
    with_effect = fit_classical(logs + 0.3 * calendar[:MONTHS, 0], calendar[:MONTHS])
    without = fit_classical(logs, 0 * calendar[:MONTHS] + calendar[:MONTHS, :0].sum())
    forecasts = with_effect.forecasts(logs + 0.3 * calendar[:MONTHS, 0], calendar)
    plain = without.forecasts(logs, 0 * calendar)
    np.testing.assert_allclose(
        forecasts - plain, 0.3 * np.tile(calendar[MONTHS:, 0], (4, 1)), atol=0.05
    )


def test_shares_follow_older_errors() -> None:
    rng = np.random.default_rng(2)
    errors = rng.normal(0, 1, (2, 4, HORIZON)) * np.array([1.0, 2.0])[:, None, None]
    everything = np.ones((4, HORIZON), bool)
    first, second = member_shares(errors, everything)
    squares = (errors**2).mean(axis=(1, 2))
    assert first / second == pytest.approx((squares[1] / squares[0]) ** 2)
    np.testing.assert_allclose(member_shares(errors, ~everything), [0.5, 0.5])

    offsets = np.array([60, 54, 48, 42])
    given = (np.zeros((4, HORIZON)), everything.astype(float), offsets, (60, 30, 0))
    shares = network_shares(errors[0], errors[1], *given)
    assert shares[0] == 0.5, "nothing is older"
    mix = np.linspace(0, 1, 1001)[:, None, None]
    squared = ((mix * errors[0] + (1 - mix) * errors[1]) ** 2).mean(axis=(1, 2))
    assert shares[2] == pytest.approx((mix[squared.argmin()].item() + 0.5) / 2, abs=2e-3)
