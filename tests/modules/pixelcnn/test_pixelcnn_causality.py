"""pixelcnn: no output depends on its own value or a later one, and on every earlier one."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from pixelcnn_tiny import tiny_model

from modules.pixelcnn import model as model_module
from modules.pixelcnn.model import level_logits

_SIZE = 8


def differences(model: keras.Model, channels: int) -> np.ndarray:
    """By how much the logits of each value move when another value is changed.

    Returns:
        `[changed, output]`, values in the order of reading: the largest change of 256 logits.
    """
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, [_SIZE, _SIZE, channels], dtype=np.uint8)
    values = picture.size
    changed = np.repeat(picture.reshape(1, -1), values + 1, axis=0)
    places = np.arange(values)
    changed[places, places] += 128  # as far as values go, modulo 256
    images = changed.reshape(-1, _SIZE, _SIZE, channels)
    classes = np.ones(len(images), np.int64)
    outputs = model.predict({"image": images, "class_id": classes}, batch_size=64, verbose=0)
    logits = (
        np.asarray(level_logits(images, outputs))
        .reshape(len(images), values, 256)
        .astype(np.float64)
    )
    return np.abs(logits[:-1] - logits[-1]).max(axis=-1)


@pytest.mark.parametrize(
    ("kernel", "channels", "likelihood"),
    [
        (3, 1, "softmax"),
        (3, 3, "softmax"),
        (5, 1, "softmax"),
        (5, 3, "softmax"),
        (3, 3, "mixture"),
    ],
)
def test_every_value_depends_on_those_before_it_and_no_others(
    kernel: int, channels: int, likelihood: str
) -> None:
    model = tiny_model(channels=channels, kernel=kernel, layers=5, likelihood=likelihood)
    moved = differences(model, channels)
    changed, output = np.indices(moved.shape)
    # Float32's rounding: oneDNN sums in an order that depends on what stands beside.
    noise = 3e-5
    assert moved[changed >= output].max() < noise
    # Five layers and the first convolution see all of the picture: there is no blind spot.
    assert moved[changed < output].min() > 3 * noise


@pytest.mark.parametrize("channels", [1, 3])
def test_a_model_that_sees_its_own_pixel_would_be_found(
    channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_module, "_shift", lambda maps, **by: maps)
    moved = differences(tiny_model(channels=channels), channels)
    assert np.diagonal(moved).min() > 1e-3


@pytest.mark.parametrize("layers", [1, 2])
def test_how_far_the_model_sees(layers: int) -> None:
    """A value far above is out of reach, the nearest pixels around never are."""
    moved = differences(tiny_model(channels=1, layers=layers), 1)
    moved = moved.reshape(_SIZE, _SIZE, _SIZE, _SIZE)
    # [row, column] changed, seen from the last row's fourth pixel.
    seen = moved[:, :, _SIZE - 1, 3] > 1e-5
    reach = 4 + layers
    assert not seen[: _SIZE - 1 - reach].any()
    assert seen[_SIZE - 1 - reach : _SIZE - 1, 3].all()
    assert seen[_SIZE - 2, : 3 + 3 + layers + 1].all()
    assert seen[_SIZE - 1, :3].all() and not seen[_SIZE - 1, 3:].any()


def test_the_class_is_heard_everywhere_unless_the_model_is_unconditional() -> None:
    rng = np.random.default_rng(3)
    image = np.repeat(rng.integers(0, 256, [1, 8, 8, 3], dtype=np.uint8), 2, axis=0)
    inputs = {"image": image, "class_id": np.array([0, 2])}
    heard, deaf = (
        np.asarray(tiny_model(channels=3, conditional=conditional)(inputs))
        for conditional in (True, False)
    )
    assert (np.abs(heard[0] - heard[1]).max(axis=-1) > 1e-3).all()
    # Places of a batch need not be summed in the same order, so float32 rounds them apart.
    np.testing.assert_allclose(deaf[0], deaf[1], atol=1e-5)
