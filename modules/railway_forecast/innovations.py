"""Linear innovations models: SARIMA and exponential smoothing as one recursion, fitted exactly.

Each is `y = MA(B) / AR(B) e` with one-step errors `e`, in observable companion form, whose states
before the first month are free. For given polynomials errors are linear in these states, so that
they are solved for by least squares, and what is left is a search over two to four numbers with
the diffuse likelihood (Hyndman et al., "Forecasting with exponential smoothing", 2008, chapters
11 and 12). No TensorFlow here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import minimize
from scipy.signal import lfilter

SEASON = 12
# Keeps numbers from running to the edge of what they may be, where a short series says nothing.
_PENALTY = 0.02
# Relative to the mean of the diagonal: lets states be solved for that hardly show any more.
_RIDGE = 1e-9
_IMPOSSIBLE = 1e6
_LONGEST_SEARCH = 60

_DIFFERENCE = np.array([1.0, -1.0])
_SEASONAL_DIFFERENCE = np.eye(SEASON + 1)[0] - np.eye(SEASON + 1)[SEASON]
_YEAR_SUM = np.ones(SEASON)


@dataclass(frozen=True)
class Polynomials:
    """`AR(B)` and `MA(B)`, of one length, the power 0 first, which is 1."""

    ar: np.ndarray
    ma: np.ndarray

    @property
    def states(self) -> int:
        """How many there are."""
        return len(self.ar) - 1


@dataclass(frozen=True)
class Family:
    """A kind of model: polynomials by free numbers, and where the search for these begins."""

    polynomials: Callable[[np.ndarray], Polynomials]
    start: tuple[float, ...]


def _product(*factors: np.ndarray) -> np.ndarray:
    product = np.ones(1)
    for factor in factors:
        product = np.convolve(product, factor)
    return product


def _same_length(ar: np.ndarray, *ma_terms: np.ndarray) -> Polynomials:
    length = max(len(ar), *(len(term) for term in ma_terms))
    padded = [np.pad(term, (0, length - len(term))) for term in (ar, *ma_terms)]
    return Polynomials(padded[0], np.sum(padded[1:], axis=0))


def _seasonal(coefficient: float) -> np.ndarray:
    return np.concatenate([[1.0], np.zeros(SEASON - 1), [coefficient]])


def _airline(numbers: np.ndarray) -> Polynomials:
    """SARIMA(0,1,1)(0,1,1)₁₂: moving averages of a month and a year."""
    month, year = np.tanh(numbers)
    ar = _product(_DIFFERENCE, _SEASONAL_DIFFERENCE)
    return _same_length(ar, _product(np.array([1.0, month]), _seasonal(year)))


def holt_winters(level: float, trend: float, season: float, damping: float) -> Polynomials:
    """Additive, with a damped trend: what `l, b, s` gain from an error, and the trend's decay.

    Without a decay, 0, there is no trend; with one of 1 and nothing gained it is the same always.
    """
    damped = np.array([1.0, -damping]) if damping else np.ones(1)
    ar = _product(damped, _SEASONAL_DIFFERENCE)
    return _same_length(
        ar,
        ar,
        level * _product(np.array([0.0, 1.0]), damped, _YEAR_SUM),
        damping * trend * _product(np.array([0.0, 1.0]), _YEAR_SUM),
        season * _product(np.eye(SEASON + 1)[SEASON], damped),
    )


def _holt_winters(numbers: np.ndarray) -> Polynomials:
    level, trend, season, damping = 1 / (1 + np.exp(-numbers))
    return holt_winters(level, level * trend, (1 - level) * season, 0.8 + 0.18 * damping)


def _smoothing(numbers: np.ndarray, damping: float) -> Polynomials:
    """Holt-Winters of which only level and season learn."""
    level, season = 1 / (1 + np.exp(-numbers))
    return holt_winters(level, 0.0, (1 - level) * season, damping)


AIRLINE = Family(_airline, (-0.4, -0.8))
# The last two have no trend, and one that never changes: between them lies the theta method
# (Hyndman and Billah, "Unmasking the Theta method", 2003).
FAMILIES = (
    AIRLINE,
    Family(_holt_winters, (-0.5, -2.0, -2.0, 1.0)),
    Family(partial(_smoothing, damping=0.0), (-0.5, -2.0)),
    Family(partial(_smoothing, damping=1.0), (-0.5, -2.0)),
)


@dataclass(frozen=True)
class Solved:
    """Least squares for given polynomials.

    Attributes:
        errors: One-step errors, `[months]`.
        states: Before the first month, negated, and the effects of regressors: `[unknowns]`.
        precision: Of these, in units of the errors' variance, `[unknowns, unknowns]`.
    """

    errors: np.ndarray
    states: np.ndarray
    precision: np.ndarray

    @property
    def variance(self) -> float:
        """Of the errors, unbiased."""
        squares: float = self.errors @ self.errors
        return squares / max(len(self.errors) - len(self.states), 1)

    def log_likelihood(self) -> float:
        """Diffuse, but for a constant."""
        freedom = len(self.errors) - len(self.states)
        _, log_determinant = np.linalg.slogdet(self.precision)
        likelihood: float = -0.5 * (freedom * np.log(self.variance) + log_determinant)
        return likelihood


def _responses(polynomials: Polynomials, months: int) -> np.ndarray:
    """What errors each state before the first month makes alone: `[months, states]`."""
    silence = np.zeros((months, polynomials.states))
    before = np.eye(polynomials.states)
    return lfilter(polynomials.ar, polynomials.ma, silence, axis=0, zi=before)[0]


def _precision(design: np.ndarray) -> np.ndarray:
    squares = design.T @ design
    return squares + _RIDGE * np.trace(squares) / len(squares) * np.eye(len(squares))


def solve(polynomials: Polynomials, logs: np.ndarray, regressors: np.ndarray) -> Solved:
    """Solves for the states before the first month, and the effects of regressors.

    Args:
        polynomials: The model.
        logs: `[months]`.
        regressors: `[months, effects]`, which may be none.
    """
    ar, ma = polynomials.ar, polynomials.ma
    moved = lfilter(ar, ma, np.column_stack([logs, -regressors]), axis=0)
    design = np.column_stack([_responses(polynomials, len(logs)), moved[:, 1:]])
    precision = _precision(design)
    found = -np.linalg.solve(precision, design.T @ moved[:, 0])
    return Solved(moved[:, 0] + design @ found, found, precision)


def fit(family: Family, logs: np.ndarray, regressors: np.ndarray) -> Polynomials:
    """Finds the likeliest polynomials.

    Args:
        family: The kind of model.
        logs: `[months]`, 24 or more.
        regressors: `[months, effects]`, which may be none.
    """

    def cost(numbers: np.ndarray) -> float:
        try:
            likelihood = solve(family.polynomials(numbers), logs, regressors).log_likelihood()
        except np.linalg.LinAlgError:
            return _IMPOSSIBLE
        penalty: float = _PENALTY * numbers @ numbers
        return penalty - likelihood if np.isfinite(likelihood) else _IMPOSSIBLE

    start = np.asarray(family.start)
    found = minimize(cost, start, method="L-BFGS-B", options={"maxiter": _LONGEST_SEARCH})
    return family.polynomials(found.x)


def forecast_weights(polynomials: Polynomials, months: int, horizon: int) -> np.ndarray:
    """Gives what each month of a history counts in each month of the forecast.

    Args:
        polynomials: The model.
        months: Length of the history.
        horizon: Months to forecast.

    Returns:
        `[horizon, months]`; each row adds up to 1, as a forecast moves with its history's level.
    """
    ar, ma, states = polynomials.ar, polynomials.ma, polynomials.states
    design = _responses(polynomials, months)
    # The filter's transpose runs backwards in time.
    correlated = lfilter(ar, ma, design[::-1], axis=0)[::-1].T  # [states, months]
    found = -np.linalg.solve(_precision(design), correlated)
    # The companion matrix of the errors' recursion, and what a month adds to the states.
    step = np.eye(states, k=1)
    step[:, 0] -= ma[1:]
    gain = ar[1:] - ma[1:]
    gains = np.empty((states, months))
    for month in reversed(range(months)):
        gains[:, month] = gain
        gain = step @ gain
    last = np.linalg.matrix_power(step, months) @ found + gains
    ahead = lfilter(ma, ar, np.zeros((horizon, states)), axis=0, zi=-np.eye(states))[0]
    return ahead @ last


def spread(polynomials: Polynomials, variance: float, horizon: int) -> np.ndarray:
    """Gives the standard deviation of each month of a forecast, `[horizon]`."""
    impulse = np.eye(horizon)[0]
    return np.sqrt(variance * np.cumsum(lfilter(polynomials.ma, polynomials.ar, impulse) ** 2))
