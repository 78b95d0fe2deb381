"""Decimals as `WriteDecimal` of TensorFlow Serving writes them."""

from __future__ import annotations

import numpy as np
import pytest

from serving.front.rest.numbers import decimal_texts


def write_slowly(value: np.floating) -> str:
    """The rule, for one number at a time."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    text = f"{float(value):.6g}"
    if type(value)(text) != value:
        text = f"{float(value):.{9 if value.dtype == np.float32 else 17}g}"
    return text if "." in text or "e" in text else text + ".0"


@pytest.mark.parametrize(
    ("value", "as_float", "as_double"),
    [
        (0.0, "0.0", "0.0"),
        (-0.0, "-0.0", "-0.0"),
        (1.0, "1.0", "1.0"),
        (0.2, "0.2", "0.2"),
        (1 / 3, "0.333333343", "0.33333333333333331"),
        (9000000.0, "9e+06", "9e+06"),
        (0.00003, "3e-05", "3e-05"),
        (16777216.0, "16777216.0", "16777216.0"),
        (123456.0, "123456.0", "123456.0"),
        (1234567.0, "1234567.0", "1234567.0"),
        (1e20, "1e+20", "1e+20"),
        (np.nan, "NaN", "NaN"),
        (-np.inf, "-Infinity", "-Infinity"),
        (np.inf, "Infinity", "Infinity"),
    ],
)
def test_texts_worked_out_by_hand(value: float, as_float: str, as_double: str) -> None:
    assert decimal_texts(np.array([value], np.float32)) == [as_float]
    assert decimal_texts(np.array([value], np.float64)) == [as_double]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_as_the_rule_over_all_bit_patterns(dtype: type) -> None:
    rng = np.random.default_rng(5)
    bits = np.uint32 if dtype is np.float32 else np.uint64
    anything = rng.integers(0, np.iinfo(bits).max, 20_000, bits, endpoint=True).view(dtype)
    short = (rng.integers(-(10**6), 10**6, 20_000) * 10.0 ** rng.integers(-12, 12, 20_000)).astype(
        dtype
    )
    nearly = np.nextafter(short, dtype(np.inf))
    values = np.concatenate([anything, short, nearly])
    expected = [write_slowly(value) for value in values]
    assert decimal_texts(values) == expected
    assert decimal_texts(values[20_000:20_050]) == expected[20_000:20_050]


def test_texts_read_back_as_the_same_numbers() -> None:
    values = np.random.default_rng(6).standard_normal(10_000).astype(np.float32)
    assert np.array_equal(np.array(decimal_texts(values), np.float32), values)
