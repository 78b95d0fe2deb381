"""railway_forecast: whose part of a forecast is how large, told by older forecasts' errors."""

from __future__ import annotations

import numpy as np

from modules.railway_forecast.intervals import came_before

# Fewer months than this say nothing about who is the better one.
_MIN_MONTHS = 12
# Where both forecast the same, any share will do.
_TINY = 1e-12


def network_shares(
    networks: np.ndarray,
    classical: np.ndarray,
    targets: np.ndarray,
    known: np.ndarray,
    months_before_end: np.ndarray,
    offsets: tuple[int, ...],
) -> np.ndarray:
    """Weighs networks and classical models at each origin by the origins before it.

    The share is what would have made the mean squared error least (Bates and Granger, "The
    combination of forecasts", 1969; Granger and Ramanathan, 1984), half way from the even mean,
    since few errors, which hang together, tell it badly.

    Args:
        networks: Each forecast made at an origin, `[forecasts, HORIZON]`, logarithms.
        classical: The same.
        targets: What came, `[forecasts, HORIZON]`.
        known: Ones where `targets` is known, `[forecasts, HORIZON]`.
        months_before_end: The forecasts' origins as months before the series' end.
        offsets: All origins in the same count.

    Returns:
        float32 `[origins]`: a half for an origin with too little before it.
    """
    shares = []
    for offset in offsets:
        usable = came_before(offset, months_before_end, known)
        if usable.sum() < _MIN_MONTHS:
            shares.append(0.5)
            continue
        apart = (networks - classical)[usable]
        wanted = apart @ (targets - classical)[usable] / max(float(apart @ apart), _TINY)
        shares.append(np.clip((wanted + 0.5) / 2, 0, 1))
    return np.asarray(shares, np.float32)


def member_shares(errors: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """Weighs the classical models by the squares of their inverse mean squared errors.

    That is between a mean, where they are alike, and a choice, where one is much better.

    Args:
        errors: Of older forecasts, `[members, forecasts, HORIZON]`, logarithms.
        usable: Which count, bool `[forecasts, HORIZON]`.

    Returns:
        float64 `[members]`, which add up to 1: even where too little counts.
    """
    if usable.sum() < _MIN_MONTHS:
        return np.full(len(errors), 1 / len(errors))
    squares = np.mean(errors[:, usable] ** 2, axis=1) + _TINY
    weights = (squares.min() / squares) ** 2
    shares: np.ndarray = weights / weights.sum()
    return shares
