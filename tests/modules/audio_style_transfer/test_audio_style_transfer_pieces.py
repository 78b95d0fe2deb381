"""audio_style_transfer: long sounds are cut into pieces, changed, and faded together again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from audio_style_tiny import RATE_HZ, SMOKE, clips, frames, sizes

from modules.audio_style_transfer import pieces, transfer
from modules.audio_style_transfer.model import build_model
from modules.common.declaring.settings import change


@pytest.mark.parametrize(
    ("count", "starts"),
    [(1, [0]), (20, [0]), (21, [0, 1]), (36, [0, 16]), (37, [0, 8, 17]), (100, None)],
)
def test_pieces_cover_a_sound_and_share_enough(count: int, starts: list[int] | None) -> None:
    found = pieces.piece_starts(tf.constant(count), 20, 4).numpy()
    if starts is not None:
        assert found.tolist() == starts
    assert found[0] == 0 and found[-1] == max(count - 20, 0)
    assert (np.diff(found) <= 16).all() and (np.diff(found) > 0).all()


def test_pieces_that_are_left_alone_make_up_the_sound() -> None:
    values = frames(87, 2)
    sizes_seen = []

    def same(piece: tf.Tensor) -> tf.Tensor:
        sizes_seen.append(piece.shape)
        return piece

    found = pieces.in_pieces(same, [tf.constant(values)], 20, 4)
    np.testing.assert_allclose(found, values, rtol=1e-5)
    assert len(sizes_seen) >= 1


def test_neighbours_are_faded_into_each_other() -> None:
    marks = iter([1.0, 3.0])
    found = pieces.in_pieces(
        lambda piece: tf.zeros_like(piece) + next(marks), [tf.zeros([36, 1])], 20, 4
    ).numpy()[:, 0]
    np.testing.assert_allclose(found[:16], 1)
    np.testing.assert_allclose(found[20:], 3)
    np.testing.assert_allclose(found[16:20], 1 + 2 * np.array([1, 2, 3, 4]) / 5)


def test_a_long_sound_in_pieces_comes_as_near_to_the_style_as_whole(
    tmp_path: Path,
) -> None:
    settings = change(SMOKE, piece_seconds=1.0, overlap_seconds=0.25)
    content, style = (tf.constant(clip[: 3 * RATE_HZ]) for clip in clips(tmp_path)[:2])
    layer = build_model(SMOKE, None).get_layer("filters")
    net = layer.network()
    found = []
    for chosen in (settings, change(settings, piece_seconds=4.0)):
        cut = sizes(chosen)
        target = transfer.style_of(net, cut, style)
        answer = transfer.apply_style(net, cut, content, target, tf.constant(0.01), tf.constant(40))
        assert answer.shape == content.shape
        found.append(transfer.measure_losses(net, cut, answer, target, content))
    before = transfer.measure_losses(net, cut, content, target, content)
    in_pieces, whole = found
    assert float(whole.style) < 0.2 * float(before.style)
    assert float(in_pieces.style) < 0.2 * float(before.style)
    assert float(in_pieces.content) == pytest.approx(float(whole.content), rel=0.5)
