"""Blocks of models that read characters, against NumPy."""

from __future__ import annotations

import keras
import numpy as np

from modules.common.models import ocr


def test_standardized_pictures_have_mean_0_and_deviation_near_1() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (3, 20, 30, 1)).astype(np.uint8)
    pixels[2] = 77
    found = np.asarray(ocr.standardize(pixels))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    deviation = pixels[:2].astype(np.float64).std(axis=(1, 2, 3))
    np.testing.assert_allclose(
        found[:2].std(axis=(1, 2, 3)), deviation / (deviation + 8), rtol=1e-4
    )
    np.testing.assert_array_equal(found[2], 0)


def test_a_negative_reads_as_the_negative() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (1, 8, 8, 1)).astype(np.uint8)
    np.testing.assert_allclose(
        ocr.standardize(pixels), -np.asarray(ocr.standardize(255 - pixels)), atol=1e-4
    )


def test_columns_depend_on_their_own_column_only() -> None:
    hidden = keras.Input((4, 6, 3))
    model = keras.Model(hidden, ocr.columns(hidden, 5, 0.0, seed=1))
    assert model.output_shape == (None, 6, 5)
    values = np.random.default_rng(1).normal(size=(1, 4, 6, 3)).astype(np.float32)
    changed = values.copy()
    changed[:, :, 2] += 5
    difference = np.abs(np.asarray(model(values)) - np.asarray(model(changed))).max(axis=(0, 2))
    assert difference[2] > 0
    np.testing.assert_array_equal(np.delete(difference, 2), 0)


def test_positions_are_read_as_float32_logits_in_any_precision() -> None:
    for policy in ("float32", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        try:
            vectors = keras.Input((10, 12))
            model = keras.Model(vectors, ocr.read_positions(vectors, 4, 7, 0.1, seed=1))
        finally:
            keras.config.set_dtype_policy("float32")
        logits = model(np.zeros((2, 10, 12), np.float32))
        assert logits.shape == (2, 4, 7) and logits.dtype == "float32"


def test_a_text_is_right_when_all_of_it_is() -> None:
    ids = np.array([[1, 2, 0], [1, 2, 0], [3, 3, 3]])
    answers = np.array([[1, 2, 0], [1, 2, 4], [3, 3, 3]], np.int32)
    np.testing.assert_array_equal(ocr.all_right(ids, answers), [1, 0, 1])
