"""Bands of the length of a text, by which metrics are sliced."""

from __future__ import annotations

_BANDS = ((5, "1-5"), (10, "6-10"), (20, "11-20"))
_LONGEST_BAND = "21+"


def length_band(text: str) -> str:
    """Names the band of a transcript's length, for slices of the metrics.

    Args:
        text: A normalized transcript.

    Returns:
        `1-5`, `6-10`, `11-20` or `21+` characters.
    """
    return next((band for most, band in _BANDS if len(text) <= most), _LONGEST_BAND)
