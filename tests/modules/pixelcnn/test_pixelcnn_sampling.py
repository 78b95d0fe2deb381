"""pixelcnn: the cached sampler draws what the obvious one draws, and draws it right."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from pixelcnn_tiny import tiny_model
from scipy import stats
from scipy.special import softmax

from modules.pixelcnn import naive, sampling
from modules.pixelcnn.model import level_logits
from modules.pixelcnn.noise import noise_of_row


def order(channels: int, size: int = 8, **changes: Any) -> dict[str, tf.Tensor]:
    """Four pictures: warm, cold, without any doubt, and one whose upper half is known."""
    known = np.random.default_rng(4).integers(0, 256, [4, size, size, channels])
    given: dict[str, Any] = {
        "seed": [3, 3, 5, -7],
        "number": [0, 1, 0, 40],
        "temperature": [1.0, 0.5, 0.0, 1.0],
        "known": known.astype(np.uint8),
        "known_rows": [0, 0, 0, size // 2],
    } | changes
    dtypes = {"temperature": tf.float32, "known": tf.uint8, "known_rows": tf.int32}
    return {name: tf.constant(value, dtypes.get(name, tf.int64)) for name, value in given.items()}


def draw(model: keras.Model, class_id: list[int], ordered: dict[str, tf.Tensor]) -> np.ndarray:
    function = tf.function(
        lambda: sampling.sample(model, tf.constant(class_id, tf.int64), noise_of_row(**ordered)),
        autograph=False,
    )
    return function().numpy()


@pytest.mark.parametrize(
    ("channels", "kernel", "layers", "size", "likelihood"),
    [
        (1, 3, 3, 8, "softmax"),
        (3, 3, 3, 8, "softmax"),
        (1, 5, 2, 9, "softmax"),
        (3, 7, 1, 8, "softmax"),
        (1, 5, 2, 9, "mixture"),
        (3, 3, 3, 8, "mixture"),
    ],
)
def test_cached_and_naive_draw_the_same(
    channels: int, kernel: int, layers: int, size: int, likelihood: str
) -> None:
    model = tiny_model(
        channels=channels, kernel=kernel, layers=layers, size_px=size, likelihood=likelihood
    )
    ordered = order(channels, size)
    class_id = tf.constant([0, 1, 2, 1], tf.int64)
    slow = naive.sampler(model, class_id, noise_of_row(**ordered))(None).numpy()
    np.testing.assert_array_equal(draw(model, [0, 1, 2, 1], ordered), slow)
    half = size // 2
    np.testing.assert_array_equal(slow[3, :half], ordered["known"][3, :half])
    assert (slow[3, half:] != ordered["known"].numpy()[3, half:]).mean() > 0.5
    assert len(np.unique(slow)) > 50


def test_naive_can_stop_early() -> None:
    model, ordered = tiny_model(channels=3), order(3)
    some = naive.sampler(model, tf.zeros([4], tf.int64), noise_of_row(**ordered))(40)
    whole = draw(model, [0] * 4, ordered).reshape(4, -1)
    np.testing.assert_array_equal(some.numpy().reshape(4, -1)[:, :40], whole[:, :40])
    assert not some.numpy().reshape(4, -1)[:, 40:].any()


def test_a_picture_does_not_depend_on_those_beside_it() -> None:
    model = tiny_model(channels=1)
    ordered = order(1)
    together = draw(model, [0, 1, 2, 1], ordered)
    turned = {name: values[::-1] for name, values in ordered.items()}
    np.testing.assert_array_equal(draw(model, [1, 2, 1, 0], turned)[::-1], together)
    alone = draw(model, [1], {name: values[3:] for name, values in ordered.items()})
    np.testing.assert_array_equal(alone[0], together[3])


def test_seed_number_and_class_each_make_another_picture() -> None:
    model = tiny_model(channels=1)
    same = {"seed": [3] * 4, "number": [0] * 4, "temperature": [1.0] * 4, "known_rows": [0] * 4}
    first = draw(model, [1] * 4, order(1, **same))
    assert all((picture == first[0]).all() for picture in first)
    differing = [
        draw(model, [1] * 4, order(1, **(same | {"seed": [3, 4, 5, 6]}))),
        draw(model, [1] * 4, order(1, **(same | {"number": [0, 1, 2, 3]}))),
        draw(model, [1, 0, 2, 1], order(1, **same)),
    ]
    for pictures in differing:
        np.testing.assert_array_equal(pictures[0], first[0])
        assert (pictures[1] != first[0]).mean() > 0.1


@pytest.mark.parametrize("likelihood", ["softmax", "mixture"])
def test_without_temperature_the_likeliest_value_wins(likelihood: str) -> None:
    model = tiny_model(channels=3, likelihood=likelihood)
    cold = {"temperature": [0.0] * 4, "known_rows": [0] * 4}
    image = draw(model, [1] * 4, order(3, **cold))
    outputs = model({"image": image, "class_id": np.ones(4, np.int64)})
    np.testing.assert_array_equal(image, np.argmax(level_logits(image, outputs), axis=-1))


@pytest.mark.parametrize("temperature", [1.0, 0.6])
def test_noise_draws_from_the_softmax(temperature: float) -> None:
    """The largest of logits and noise is distributed as the softmax says, at every place."""
    rng = np.random.default_rng(8)
    logits = np.full(256, -1e6)
    logits[:12] = rng.normal(size=12)
    batch = 150
    noise = noise_of_row(
        seed=tf.range(batch, dtype=tf.int64),
        number=tf.zeros([batch], tf.int64),
        temperature=tf.fill([batch], temperature),
        known=tf.zeros([batch, 8, 8, 3], tf.uint8),
        known_rows=tf.zeros([batch], tf.int32),
    )
    drawn = np.concatenate(
        [np.argmax(logits + noise(tf.constant(row)).numpy(), axis=-1).ravel() for row in range(8)]
    )
    wanted = softmax(logits[:12] / temperature) * len(drawn)
    found = np.bincount(drawn, minlength=12)
    assert len(drawn) == 8 * 8 * 3 * batch
    assert stats.chisquare(found, wanted).pvalue > 1e-3
    # Neighbours are drawn independently of each other.
    pairs = np.bincount(12 * drawn[:-1] + drawn[1:], minlength=144).reshape(12, 12)
    assert stats.chi2_contingency(pairs).pvalue > 1e-3


@pytest.mark.parametrize("likelihood", ["softmax", "mixture"])
def test_what_was_drawn_is_as_likely_as_the_model_says(likelihood: str) -> None:
    """The mean surprise of drawn values is the mean entropy of their distributions."""
    model = tiny_model(channels=1, likelihood=likelihood)
    batch = 64
    ordered = order(
        1,
        seed=[9] * batch,
        number=range(batch),
        temperature=[1.0] * batch,
        known=np.zeros([batch, 8, 8, 1], np.uint8),
        known_rows=[0] * batch,
    )
    image = draw(model, [1] * batch, ordered)
    outputs = model({"image": image, "class_id": np.ones(batch, np.int64)})
    shares = softmax(np.asarray(level_logits(image, outputs), np.float64), axis=-1)
    surprise = -np.log(np.take_along_axis(shares, image[..., None].astype(int), axis=-1)[..., 0])
    entropies = -(shares * np.log(shares)).sum(axis=-1)
    error = (surprise - entropies).std() / np.sqrt(image.size)
    assert abs((surprise - entropies).mean()) < 4 * error
