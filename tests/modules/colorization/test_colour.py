"""Luma and chroma against Pillow and the formulas; joining keeps the luma, whatever the chroma."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from modules.colorization import colour

# As JFIF writes them: rows for Y, Cb and Cr.
_JFIF = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
_BACK = np.array([[1, 0, 1.402], [1, -0.34414, -0.71414], [1, 1.772, 0]])


def random_pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, [*shape, 3]).astype(np.uint8)


def corners() -> np.ndarray:
    return np.stack(np.meshgrid(*[[0, 255]] * 3), -1).reshape(1, 8, 3).astype(np.uint8)


@pytest.mark.parametrize("pixels", [random_pixels(40, 50), corners()])
def test_luma_and_chroma_are_those_of_jpeg(pixels: np.ndarray) -> None:
    wanted = pixels.astype(float) @ _JFIF.T
    np.testing.assert_allclose(colour.luma(pixels)[..., 0], wanted[..., 0], atol=1e-3)
    np.testing.assert_allclose(colour.chroma(pixels), wanted[..., 1:], atol=0.02)
    # Pillow cuts fractions off.
    pillow = np.asarray(Image.fromarray(pixels).convert("YCbCr"), float)
    np.testing.assert_allclose(colour.luma(pixels)[..., 0], pillow[..., 0], atol=1.01)
    np.testing.assert_allclose(colour.chroma(pixels), pillow[..., 1:] - 128, atol=1.1)


def test_grey_is_the_luma_rounded_as_pillow_rounds_it() -> None:
    pixels = random_pixels(200, 200)
    pillow = np.asarray(Image.fromarray(pixels).convert("L"), int)
    assert np.abs(colour.grey(pixels)[..., 0].numpy().astype(int) - pillow).max() <= 1
    equal = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    np.testing.assert_array_equal(colour.grey(equal)[..., 0], np.arange(256))


@pytest.mark.parametrize("pixels", [random_pixels(40, 50), corners()])
def test_apart_and_joined_is_the_same_picture(pixels: np.ndarray) -> None:
    joined = colour.join(colour.luma(pixels), colour.chroma(pixels))
    np.testing.assert_array_equal(joined, pixels)


def random_luma_and_chroma(count: int = 200_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    luma = rng.uniform(0, 255, (count, 1)).astype(np.float32)
    luma[:256, 0] = np.arange(256)
    return luma, rng.uniform(-300, 300, (count, 2)).astype(np.float32)


def test_joining_keeps_the_luma_whatever_the_chroma() -> None:
    luma, chroma = random_luma_and_chroma()
    joined = colour.join(luma, chroma).numpy().astype(float)
    found = joined @ _JFIF[0]
    assert np.abs(found - luma[:, 0]).max() <= 0.5 + 1e-3
    # What cutting the channels off would have done.
    cut = np.clip(np.concatenate([luma, chroma], -1) @ _BACK.T, 0, 255) @ _JFIF[0]
    assert np.abs(cut - luma[:, 0]).max() > 50


def test_colours_go_towards_grey_as_far_as_they_must() -> None:
    luma, chroma = random_luma_and_chroma()
    scaled = colour.within_gamut(luma, chroma).numpy()
    rgb = np.concatenate([luma, scaled], -1).astype(float) @ _BACK.T
    assert rgb.min() > -0.01 and rgb.max() < 255.01
    wanted = np.concatenate([luma, chroma], -1).astype(float) @ _BACK.T
    is_outside = (wanted.min(-1) < -0.01) | (wanted.max(-1) > 255.01)
    assert 0.5 < is_outside.mean() < 1
    is_inside = (wanted.min(-1) > 0.1) & (wanted.max(-1) < 254.9)
    np.testing.assert_array_equal(scaled[is_inside], chroma[is_inside])
    # Just as far: one channel is at its bound; and in the same direction: the hue stays.
    at_bound = np.minimum(np.abs(rgb), np.abs(rgb - 255)).min(-1)
    assert at_bound[is_outside].max() < 0.05
    cross = scaled[:, 0] * chroma[:, 1] - scaled[:, 1] * chroma[:, 0]
    assert np.abs(cross).max() < 0.05
    assert ((scaled * chroma).sum(-1) >= 0).all()


def test_black_white_and_no_chroma_stay_grey() -> None:
    luma = np.array([[0], [255], [77]], np.uint8)
    chroma = np.array([[90, -50], [-120, 80], [0, 0]], np.float32)
    joined = colour.join(luma, chroma)
    np.testing.assert_array_equal(joined, np.repeat(luma, 3, axis=1))


def test_joining_keeps_the_luma_of_photos(shared_data: Path) -> None:
    rng = np.random.default_rng(3)
    for path in sorted(shared_data.glob("images/test/*/*.jpg"))[::30]:
        photo = Image.open(path).convert("RGB")
        pixels = np.asarray(photo)
        chroma = rng.normal(0, 80, [*pixels.shape[:2], 2]).astype(np.float32)
        joined = colour.join(colour.luma(pixels), chroma).numpy()
        grey = np.asarray(photo.convert("L"), int)
        assert np.abs(np.asarray(Image.fromarray(joined).convert("L"), int) - grey).max() <= 1


def test_colourfulness_is_that_of_the_formula() -> None:
    pictures = random_pixels(3, 20, 30)
    pictures[1, ..., 2] //= 3
    pictures[2] = pictures[2, ..., :1]
    wanted = []
    for picture in pictures.astype(float):
        red, green, blue = (picture[..., channel] for channel in range(3))
        rg, yb = red - green, (red + green) / 2 - blue
        wanted.append(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))
    found = colour.colourfulness(tf.constant(pictures))
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
    assert found[2] == 0


def test_colourfulness_of_parts_is_that_of_the_whole() -> None:
    picture = random_pixels(20, 30)
    above, below = (colour.opponent_sums(part) for part in (picture[:7], picture[7:]))
    sums = tf.reduce_sum(above, axis=0) + tf.reduce_sum(below, axis=0)
    found = colour.colourfulness_of_sums(sums, tf.constant(600.0, tf.float64))
    np.testing.assert_allclose(found, colour.colourfulness(picture[None])[0], rtol=1e-6)
