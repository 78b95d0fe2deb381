"""railway_forecast: the ensemble's part that is fitted by likelihood, as weights of a history.

A SARIMA and three kinds of exponential smoothing, on logarithms, and before them the calendar's
effects, where the series shows them. Their parameters are fitted at an origin on what lies before
it; with these a forecast is linear in the history, so that the graph needs only a table. No
TensorFlow here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modules.railway_forecast.innovations import (
    AIRLINE,
    FAMILIES,
    Polynomials,
    fit,
    forecast_weights,
    solve,
    spread,
)
from modules.railway_forecast.task import HORIZON, MAX_HISTORY, MIN_HISTORY

# Travel season's share and month length, of `calendar_table`.
EFFECTS = 2
# An effect counts from this many standard errors on: at two, one of twenty is chance.
_SHOWN = 2.0
# Standard deviations to the quantiles 0.1 and 0.9 of a normal distribution.
_REACH = 1.2816


@dataclass(frozen=True)
class Classical:
    """What was fitted at an origin.

    Attributes:
        effects: Of the travel season's share and of the month's length, in logarithm `[EFFECTS]`;
            zero where the series does not show one.
        members: The models of the series without these.
        reach: Of the 80 % interval either way, in logarithm `[HORIZON]`, as the models say.
    """

    effects: np.ndarray
    members: tuple[Polynomials, ...]
    reach: np.ndarray

    def forecasts(self, logs: np.ndarray, calendar: np.ndarray) -> np.ndarray:
        """Gives each member's forecast of what follows a history.

        Args:
            logs: `[months]`.
            calendar: Of the history and of the months to come, `[months + HORIZON, EFFECTS]`.

        Returns:
            `[members, HORIZON]`.
        """
        effect = calendar @ self.effects
        months = len(logs)
        plain = logs - effect[:months]
        each = [forecast_weights(member, months, HORIZON) @ plain for member in self.members]
        return np.array(each) + effect[months:]

    def weights(self, months: int, shares: np.ndarray) -> np.ndarray:
        """Gives what each month of a history counts in the forecast.

        Args:
            months: Length of the history.
            shares: Of the members, `[members]`.

        Returns:
            float32 `[HORIZON, MAX_HISTORY]`, the last month last; zeros before the history.
        """
        each = [forecast_weights(member, months, HORIZON) for member in self.members]
        padded = np.zeros((HORIZON, MAX_HISTORY), np.float32)
        padded[:, MAX_HISTORY - months :] = np.average(each, axis=0, weights=shares)
        return padded

    def all_weights(self, shares: np.ndarray) -> np.ndarray:
        """Gives `weights` for every length from `MIN_HISTORY` to `MAX_HISTORY`."""
        lengths = range(MIN_HISTORY, MAX_HISTORY + 1)
        return np.stack([self.weights(months, shares) for months in lengths])


def fit_classical(logs: np.ndarray, calendar: np.ndarray) -> Classical:
    """Fits everything on a history.

    Args:
        logs: `[months]`, 24 or more.
        calendar: Rows of `calendar_table` for these months, `[months, EFFECTS]`.
    """
    logs, calendar = logs.astype(np.float64), calendar.astype(np.float64)
    effects = calendar_effects(logs, calendar)
    plain, none = logs - calendar @ effects, calendar[:, :0]
    members = tuple(fit(family, plain, none) for family in FAMILIES)
    spreads = [spread(each, solve(each, plain, none).variance, HORIZON) for each in members]
    return Classical(effects, members, _REACH * np.mean(spreads, axis=0))


def calendar_effects(logs: np.ndarray, calendar: np.ndarray) -> np.ndarray:
    """Estimates the calendar's effects with an airline model, leaving out what does not show.

    Args:
        logs: `[months]`.
        calendar: `[months, EFFECTS]`.

    Returns:
        `[EFFECTS]`, zero for each that is within two standard errors of zero.
    """
    used = list(range(EFFECTS))
    effects = np.zeros(EFFECTS)
    while used:
        solved = solve(fit(AIRLINE, logs, calendar[:, used]), logs, calendar[:, used])
        found = solved.states[-len(used) :]
        variances = solved.variance * np.diag(np.linalg.inv(solved.precision))[-len(used) :]
        ratios = np.abs(found) / np.sqrt(variances)
        if ratios.min() >= _SHOWN:
            effects[used] = found
            break
        del used[int(ratios.argmin())]
    return effects
