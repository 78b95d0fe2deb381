"""age_gender: what training does to faces, each change against a slow reading of it."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from modules.age_gender.augmenting import augment
from modules.age_gender.task import TASK, Settings
from modules.common.declaring.settings import change

_PLAIN = TASK.resolve(
    {
        **{"image_px": 40, "crop_px": 36, "turn_degrees": 0, "scale_percent": 0},
        **{"light_percent": 0, "cover_percent": 0},
    }
)
_WHOLE = change(_PLAIN, crop_px=40)


def picture() -> np.ndarray:
    """A smooth one, uint8 `[40, 40, 3]`, lighter to the right and below."""
    rows, columns = np.mgrid[:40, :40]
    values = np.stack([60 + 2 * columns + rows, 80 + columns, 70 + 2 * rows], axis=-1)
    return values.astype(np.uint8)


def changed(settings: Settings, count: int = 300) -> np.ndarray:
    tf.random.set_seed(1)
    whole = np.repeat(picture()[None], count, axis=0)
    label = tf.zeros([count, 2], tf.int64)
    features, same = augment({"image": tf.constant(whole)}, label, settings)
    assert same is label and features["image"].dtype == tf.uint8
    found: np.ndarray = features["image"].numpy()
    return found


def test_every_crop_is_seen_and_both_ways_round() -> None:
    known = {}
    for top in range(5):
        for left in range(5):
            crop = picture()[top : top + 36, left : left + 36]
            known[crop.tobytes()] = (top, left, False)
            known[crop[:, ::-1].tobytes()] = (top, left, True)
    seen = [known[crop.tobytes()] for crop in changed(_PLAIN, 2000)]
    assert len(set(seen)) == 50
    assert 0.45 < np.mean([is_mirrored for *_, is_mirrored in seen]) < 0.55


@pytest.mark.parametrize(("degrees", "percent"), [(12.0, 0.0), (0.0, 20.0), (10.0, 10.0)])
def test_a_turned_face_is_one_of_those_that_scipy_makes(degrees: float, percent: float) -> None:
    settings = change(_WHOLE, turn_degrees=degrees, scale_percent=percent)
    found = changed(settings, 40).astype(float)
    middle = np.array([19.5, 19.5])
    candidates = []
    for whole in (picture(), picture()[:, ::-1]):
        for angle in np.linspace(-degrees, degrees, 25) if degrees else [0.0]:
            for share in np.geomspace(1 / (1 + percent / 100), 1 + percent / 100, 15):
                turn = np.deg2rad(angle)
                matrix = share * np.array(
                    [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
                )
                offset = middle - matrix @ middle
                candidates.append(
                    np.stack(
                        [
                            ndimage.affine_transform(
                                whole[..., channel].astype(float), matrix, offset, order=1
                            )[8:32, 8:32]
                            for channel in range(3)
                        ],
                        axis=-1,
                    )
                )
    grid = np.stack(candidates)
    worst = [np.abs(grid - one[8:32, 8:32]).max(axis=(1, 2, 3)).min() for one in found]
    assert max(worst) < 1.5
    assert len({one.tobytes() for one in found}) > 30


def test_light_changes_brightness_and_contrast_within_bounds() -> None:
    found = changed(change(_WHOLE, light_percent=20)).astype(float)
    means = found.mean(axis=(1, 2, 3)) / picture().mean()
    spreads = found.std(axis=(1, 2, 3)) / picture().std()
    assert 0.795 < means.min() < 0.82 and 1.18 < means.max() < 1.205
    ratio = spreads / means
    assert 0.79 < ratio.min() < 0.82 and 1.18 < ratio.max() < 1.21


def test_every_other_face_has_a_rectangle_covered() -> None:
    found = changed(change(_WHOLE, cover_percent=50), 600)
    kept = [picture(), picture()[:, ::-1]]
    heights = []
    for one in found:
        is_covered = min(((one != whole).any(-1) for whole in kept), key=np.sum)
        assert (one[is_covered] == 127).all()
        rows, columns = is_covered.any(1), is_covered.any(0)
        assert is_covered.sum() >= 0.9 * rows.sum() * columns.sum()
        heights.append(rows.sum())
    assert max(heights) == 20
    assert 0.4 < np.mean(np.array(heights) > 0) < 0.55
