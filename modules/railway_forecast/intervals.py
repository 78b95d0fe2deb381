"""railway_forecast: how wide the intervals must be, told by older forecasts' errors.

What the models say of their own errors holds only as far as the models do. So each origin's
interval is scaled by what the origins before it missed: conformal prediction (Vovk et al., 2005;
scaled scores as in Romano et al., "Conformalized quantile regression", 2019), with nothing that
was not known at that origin.
"""

from __future__ import annotations

import numpy as np

from modules.railway_forecast.task import HORIZON, QUANTILES

COVERAGE = QUANTILES[2] - QUANTILES[0]
# Fewer scores than this say nothing about a quantile.
_MIN_SCORES = 24


def scale_factors(
    forecasts: np.ndarray,
    reach: np.ndarray,
    targets: np.ndarray,
    known: np.ndarray,
    months_before_end: np.ndarray,
    offsets: tuple[int, ...],
) -> np.ndarray:
    """Computes the factor by which each origin's interval is widened or narrowed.

    Args:
        forecasts: Each forecast made at an origin, `[forecasts, HORIZON]`, logarithms.
        reach: Of its interval either way, `[forecasts, HORIZON]`.
        targets: What came, `[forecasts, HORIZON]`.
        known: Ones where `targets` is known, `[forecasts, HORIZON]`.
        months_before_end: The forecasts' origins as months before the series' end.
        offsets: All origins in the same count.

    Returns:
        float32 `[origins]`: 1 for an origin with too little before it.
    """
    scores = np.abs(targets - forecasts) / np.maximum(reach, 1e-6)
    factors = []
    for offset in offsets:
        usable = scores[came_before(offset, months_before_end, known)]
        enough = len(usable) >= _MIN_SCORES
        factors.append(np.quantile(usable, COVERAGE) if enough else 1.0)
    return np.asarray(factors, np.float32)


def came_before(offset: int, months_before_end: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Tells which months of which older forecast were known at an origin.

    Args:
        offset: The origin, as months before the series' end.
        months_before_end: The forecasts' origins in the same count, `[forecasts]`.
        known: Ones where a month's value is known at all, `[forecasts, HORIZON]`.

    Returns:
        bool `[forecasts, HORIZON]`.
    """
    steps = np.arange(1, HORIZON + 1)
    came_by_then = months_before_end[:, None] - steps >= offset
    earlier = months_before_end[:, None] > offset
    usable: np.ndarray = earlier & came_by_then & (known > 0)
    return usable
