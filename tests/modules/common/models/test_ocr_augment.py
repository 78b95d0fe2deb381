"""Pictures of a line are changed before they are trained on, and still read the same."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from modules.common.models.ocr_augment import augment
from modules.id_number_ocr.sample.drawing import draw_strip
from modules.id_number_ocr.task import TASK

_STRIPS = 48


@pytest.fixture(scope="module")
def strips() -> np.ndarray:
    """Clean strips, uint8 `[48, 32, 256, 1]`, some light on dark."""
    settings = TASK.resolve({"difficulty": 0.2})
    drawn = [draw_strip(index, settings).pixels for index in range(_STRIPS)]
    return np.stack(drawn)[..., None]


def change(strips: np.ndarray, **settings: float) -> np.ndarray:
    label = tf.zeros([len(strips), 18], tf.int64)
    features, kept = augment({"image": tf.constant(strips)}, label, TASK.resolve(settings))
    assert kept is label
    return features["image"].numpy()


def ink_box(strip: np.ndarray) -> tuple[int, int]:
    """First and last column that hold ink, by the contrast within a column."""
    contrast = np.ptp(strip[..., 0].astype(int), axis=0)
    columns = np.flatnonzero(contrast > 0.6 * contrast.max())
    return int(columns[0]), int(columns[-1])


def test_strips_change_each_by_itself_and_stay_as_they_are_without_variation(
    strips: np.ndarray,
) -> None:
    changed = change(strips)
    assert changed.shape == strips.shape and changed.dtype == np.uint8
    same = np.repeat(strips[:1], _STRIPS, axis=0)
    assert len({strip.tobytes() for strip in change(same)}) == _STRIPS
    np.testing.assert_array_equal(change(strips, variation=0.0), strips)
    np.testing.assert_array_equal(change(strips, epochs=5, variation_epochs=6), strips)
    assert (change(strips, epochs=6, variation_epochs=6) != strips).mean() > 0.3


def test_the_same_batch_and_seed_change_alike(strips: np.ndarray) -> None:
    np.testing.assert_array_equal(change(strips), change(strips))
    assert (change(strips) != change(strips, seed=5)).mean() > 0.3
    assert (change(strips)[0] != change(strips[::-1][-2:])[-1]).any()


def test_no_character_leaves_its_strip_or_moves_far(strips: np.ndarray) -> None:
    """The ends of the number move by what squeezing and bending may do, and never outwards."""
    moves = []
    for before, after in zip(strips, change(strips), strict=True):
        (left, right), (now_left, now_right) = ink_box(before), ink_box(after)
        moves.append((now_left - left, right - now_right))
    ends = np.array(moves)
    assert np.median(ends) > 0 and (ends > -5).mean() > 0.9 and (ends < 24).mean() > 0.9


@pytest.mark.parametrize("height_px, width_px", [(32, 256), (60, 160)])
def test_what_touches_an_edge_stays_in_a_picture_of_any_size(height_px: int, width_px: int) -> None:
    pictures = np.full([_STRIPS, height_px, width_px, 1], 220, np.uint8)
    pictures[:, :6, :6] = pictures[:, -6:, -6:] = 20
    changed = change(pictures)[..., 0]
    for corner in (
        changed[:, : height_px // 2, : width_px // 2],
        changed[:, height_px // 2 :, width_px // 2 :],
    ):
        # 36 before; where a picture is squeezed, what touches its edge reaches to the edge still.
        dark_px = (corner < 120).sum((1, 2))
        assert 12 <= dark_px.min() and dark_px.max() <= 200
    assert np.ptp(changed.mean(axis=(1, 2))) > 1


def test_strokes_become_thicker_and_thinner() -> None:
    """The ink of upright strokes grows in some pictures and shrinks in others."""
    strokes = np.full([_STRIPS, 32, 256, 1], 200, np.uint8)
    strokes[:, 4:28, 8::12] = 20
    strokes[:, 4:28, 9::12] = 20
    ink = 200.0 - strokes.mean(axis=(1, 2, 3))
    changed = 200.0 - change(strokes).mean(axis=(1, 2, 3))
    ratio = changed / ink
    assert ratio.min() < 0.9 and ratio.max() > 1.15
    assert ratio.min() > 0.4 and ratio.max() < 1.8
