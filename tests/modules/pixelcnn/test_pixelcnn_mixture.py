"""pixelcnn: the mixture's probabilities are those that SciPy and its definition give."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
from pixelcnn_tiny import tiny_model
from scipy import stats
from scipy.special import softmax

from modules.pixelcnn import mixture
from modules.pixelcnn.model import bits_per_dim

_COMPONENTS = 4


def random_parameters(pixels: int, channels: int) -> np.ndarray:
    """Parameters from broad to narrow, of which some means lie beyond the levels' ends."""
    rng = np.random.default_rng(channels)
    count = mixture.count_parameters(channels, 1)
    drawn = rng.normal(size=[pixels, count, _COMPONENTS])
    drawn[:, 1 + channels : 1 + 2 * channels] = rng.uniform(-6, 0, [pixels, channels, _COMPONENTS])
    return drawn.reshape(pixels, -1).astype(np.float32)


def expected_pixel(parameters: np.ndarray, pixel: np.ndarray) -> float:
    """Probability of a pixel by the paper's equations 2 and 3, in float64, by SciPy's logistic."""
    channels = len(pixel)
    parts = parameters.astype(np.float64).reshape(-1, _COMPONENTS)
    weights = softmax(parts[0])
    slopes = iter(np.tanh(parts[1 + 2 * channels :]))
    levels = pixel / 127.5 - 1
    for channel in range(channels):
        mean = parts[1 + channel].copy()
        for before in range(channel):
            mean += next(slopes) * levels[before]
        spread = stats.logistic(mean, np.exp(parts[1 + channels + channel]))
        upper = np.inf if pixel[channel] == 255 else levels[channel] + 1 / 255
        lower = -np.inf if pixel[channel] == 0 else levels[channel] - 1 / 255
        # Of the two differences the one of smaller numbers is exact.
        from_below, from_above = (
            spread.cdf(upper) - spread.cdf(lower),
            spread.sf(lower) - spread.sf(upper),
        )
        weights = weights * np.where(levels[channel] < mean, from_below, from_above)
    return float(weights.sum())


@pytest.mark.parametrize("channels", [1, 3])
def test_probabilities_are_differences_of_scipys_distribution_function(channels: int) -> None:
    parameters = random_parameters(60, channels)
    pixels = np.random.default_rng(1).integers(0, 256, [60, channels])
    pixels[:20] = np.random.default_rng(2).choice([0, 1, 254, 255], [20, channels])
    found = np.asarray(mixture.log_likelihood(parameters, pixels), np.float64)
    wanted = np.array([expected_pixel(*pair) for pair in zip(parameters, pixels, strict=True)])
    is_there = wanted > 0  # in float64
    assert is_there.sum() > 40
    np.testing.assert_allclose(found[is_there], np.log(wanted[is_there]), rtol=1e-4, atol=1e-4)


def test_the_256_levels_add_up_to_one() -> None:
    parameters = random_parameters(30, 1)
    every = np.repeat(parameters[:, None], 256, axis=1)
    levels = np.tile(np.arange(256)[:, None], [30, 1, 1])
    shares = np.exp(np.asarray(mixture.log_likelihood(every, levels), np.float64))
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-4)


def test_the_levels_that_are_drawn_from_multiply_to_a_pixels_probability() -> None:
    parameters = np.repeat(random_parameters(5, 3), 40, axis=0)
    pixels = np.random.default_rng(3).integers(0, 256, [200, 3])
    pixels[::4, 0], pixels[1::4, 1] = 0, 255
    logits = np.asarray(mixture.all_level_logits(parameters, pixels), np.float64)
    np.testing.assert_allclose(np.exp(logits).sum(axis=-1), 1, atol=1e-4)
    found = np.take_along_axis(logits, pixels[..., None], axis=-1)[..., 0]
    # What float32 cannot say is as likely as the least that it can.
    is_told = found.min(axis=-1) > math.log(1e-35)
    assert is_told.sum() > 30
    wanted = np.asarray(mixture.log_likelihood(parameters, pixels))
    np.testing.assert_allclose(found.sum(axis=-1)[is_told], wanted[is_told], rtol=1e-4, atol=1e-4)
    assert (wanted[~is_told] < math.log(1e-34)).all()


def test_gradients_stay_finite_however_far_a_value_is_from_every_component() -> None:
    """A level that float32 gives no probability still says in which direction it lies."""
    parts = np.zeros([3, _COMPONENTS], np.float32)
    parts[1], parts[2] = -1.0, -30.0
    parameters = tf.Variable(parts.reshape(1, -1))
    with tf.GradientTape() as tape:
        nats = mixture.log_likelihood(parameters, np.array([[200]]))
    gradient = tape.gradient(nats, parameters).numpy().reshape(3, _COMPONENTS)
    assert np.isfinite(gradient).all() and (gradient[1] > 0).all()


def test_bits_per_dim_is_the_mean_over_values() -> None:
    model = tiny_model(channels=3, likelihood="mixture")
    image = np.random.default_rng(6).integers(0, 256, [4, 8, 8, 3])
    inputs = {"image": image.astype(np.uint8), "class_id": np.array([0, 1, 2, 0])}
    outputs = np.asarray(model(inputs))
    found = bits_per_dim(image, outputs)
    nats = np.asarray(mixture.log_likelihood(outputs, image), np.float64)
    np.testing.assert_allclose(found, -nats.sum(axis=(1, 2)) / (192 * math.log(2)), rtol=1e-5)


@pytest.mark.parametrize(("channels", "is_mixture"), [(1, False), (3, True)])
def test_colour_is_told_by_the_mixture_unless_something_else_is_said(
    channels: int, is_mixture: bool
) -> None:
    model = tiny_model(channels=channels, layers=1, likelihood="auto")
    assert ("mixture" in {layer.name for layer in model.layers}) == is_mixture
