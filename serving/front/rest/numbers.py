"""Numbers of an answer as TensorFlow Serving writes them.

Source: `tensorflow_serving/util/json_tensor.cc`, `WriteDecimal`: six digits where these read back
as the same number, else nine for a float and seventeen for a double; whole numbers end in `.0`.
"""

from __future__ import annotations

import numpy as np

_EXACT_DIGITS = {"float32": 9, "float64": 17}
# How far a number may be from one of six digits, as a fraction, so that it is worth a try: half
# the distance of neighbouring numbers and as much again for the arithmetic of the test.
_TOLERANCE = {"float32": 2.0**-23, "float64": 2.0**-48}
# So many are written faster one by one.
_FEW = 64


def decimal_texts(values: np.ndarray) -> list[str]:
    """Writes floating-point numbers.

    Args:
        values: [n] float32 or float64.

    Returns:
        n texts, such as `1.0`, `0.333333343`, `1e+06`, `NaN` or `-Infinity`.
    """
    if len(values) <= _FEW:
        return [_decimal_text(value) for value in values]
    texts = np.empty(len(values), object)
    finite = np.isfinite(values)
    texts[~finite] = "NaN"
    texts[values == np.inf] = "Infinity"
    texts[values == -np.inf] = "-Infinity"
    short = finite & _may_be_short(values)
    texts[short] = _write(values[short], 6)
    wrong = np.zeros(len(values), bool)
    wrong[short] = _read(texts[short], values.dtype) != values[short]
    long = finite & (~short | wrong)
    texts[long] = _write(values[long], _EXACT_DIGITS[values.dtype.name])
    with np.errstate(invalid="ignore"):
        whole = np.flatnonzero(finite & (values == np.rint(values)))
    for index in whole.tolist():
        text = texts[index]
        if "." not in text and "e" not in text:
            texts[index] = text + ".0"
    return list(texts)


def _decimal_text(value: np.floating) -> str:
    """Does for one number what the rest does for many."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    text = f"{value:.6g}"
    if type(value)(text) != value:
        text = f"{value:.{_EXACT_DIGITS[value.dtype.name]}g}"
    return text if "." in text or "e" in text else text + ".0"


def _may_be_short(values: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        magnitude = np.abs(values.astype(np.float64))
        power = 5 - np.floor(np.log10(magnitude))
        # Ten to a negative power is no exact number, its inverse is.
        scaled = np.where(power >= 0, magnitude * 10.0**power, magnitude / 10.0**-power)
        near = np.abs(scaled - np.rint(scaled)) <= scaled * _TOLERANCE[values.dtype.name]
    # Where the scale itself overflows nothing is known, and the smallest numbers are farther apart
    # than the rest, so these are tried as well.
    smallest = magnitude < max(1e-290, float(np.finfo(values.dtype).tiny))
    return near | ~np.isfinite(scaled) | smallest


def _write(values: np.ndarray, digits: int) -> list[str]:
    if not len(values):
        return []
    return (f"%.{digits}g " * len(values) % tuple(values.tolist())).split()


def _read(texts: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.array([float(text) for text in texts], np.float64).astype(dtype)
