"""deep_dream: quarter turns, which the head learns to tell."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.deep_dream import rotation
from modules.deep_dream.task import TASK


def random_pictures(*shape: int) -> np.ndarray:
    return np.random.default_rng(9).uniform(0, 255, (*shape, 3)).astype(np.float32)


def test_a_turn_is_that_of_numpy() -> None:
    pictures = random_pictures(8, 5, 5)
    quarters = np.array([0, 1, 2, 3, 4, 5, -1, -2])
    found = rotation.turn(tf.constant(pictures), tf.constant(quarters))
    for row, (picture, turns) in enumerate(zip(pictures, quarters, strict=True)):
        np.testing.assert_array_equal(found[row], np.rot90(picture, turns))


def test_a_mirror_image_is_turned_the_other_way() -> None:
    upright = random_pictures(4, 5, 5)
    label = tf.range(4, dtype=tf.int64)
    pictures, rotated = rotation.mirror(rotation.turn(tf.constant(upright), label), label)
    back = rotation.turn(pictures, -rotated)
    np.testing.assert_array_equal(back, upright[:, :, ::-1])


def test_augmented_pictures_keep_a_right_label() -> None:
    upright = np.repeat(random_pictures(1, 6, 6).astype(np.uint8), 200, axis=0)
    label = tf.zeros([200], tf.int64)
    settings = TASK.resolve({"seed": 1})
    features, changed = rotation.augment({"image": tf.constant(upright)}, label, settings)
    back = rotation.turn(features["image"], -changed).numpy()
    is_mirrored = (back == upright[:, :, ::-1]).all(axis=(1, 2, 3))
    assert ((back == upright).all(axis=(1, 2, 3)) | is_mirrored).all()
    assert 60 < is_mirrored.sum() < 140
    assert np.bincount(changed, minlength=4).min() > 25
    again, _ = rotation.augment({"image": tf.constant(upright)}, label, settings)
    np.testing.assert_array_equal(again["image"], features["image"])
