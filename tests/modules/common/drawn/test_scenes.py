"""Drawn landscapes: seeded, of every kind, with an up and a down."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from modules.common.drawn.scenes import KINDS, draw_scene, write_scenes


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_is_a_picture(kind: str) -> None:
    pictures = [np.asarray(draw_scene(random.Random(seed), kind, 96)) for seed in (1, 1, 2)]
    assert pictures[0].shape == (96, 96, 3)
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert (pictures[0] != pictures[2]).mean() > 0.5


def test_the_sky_is_above() -> None:
    for kind in KINDS:
        for seed in range(5):
            pixels = np.asarray(draw_scene(random.Random(seed), kind, 128), float)
            is_smooth = np.abs(np.diff(pixels[4:20], axis=1)).mean()
            ground = np.abs(np.diff(pixels[-40:], axis=1)).mean()
            assert ground > 0.6 * is_smooth
            assert pixels[:20].mean() != pytest.approx(pixels[-20:].mean(), abs=2)


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected one of beach, .*, found 'moon'"):
        draw_scene(random.Random(1), "moon", 96)


def test_folders_are_classes(tmp_path: Path) -> None:
    write_scenes(tmp_path, 7, 12, 200)
    found = sorted(tmp_path.rglob("*.jpg"))
    assert len(found) == 12
    assert {path.parent.name for path in found} == set(KINDS)
    assert Image.open(found[0]).size == (200, 200)
