"""audio_style_transfer: a long sound in overlapping pieces of one size, and together again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf


def in_pieces(
    change: Callable[..., tf.Tensor],
    frames: Sequence[tf.Tensor],
    piece_frames: int,
    overlap_frames: int,
) -> tf.Tensor:
    """Changes a sound piece by piece, one after the other, and fades from each to the next.

    Args:
        change: The same piece of each of `frames`, `[piece, bins]`, to as many frames.
        frames: Log magnitudes, float32 `[n, bins]` each.
        piece_frames: Size of a piece; a shorter sound is one piece.
        overlap_frames: Least number of frames that neighbours share, less than `piece_frames`.

    Returns:
        float32 `[n, bins]`.
    """
    count = tf.shape(frames[0])[0]
    size = tf.minimum(count, piece_frames)
    starts = piece_starts(count, piece_frames, overlap_frames)
    weights = _fade(size, overlap_frames)

    def add(
        number: tf.Tensor, total: tf.Tensor, weight: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        start = starts[number]
        pieces = [whole[start : start + size] for whole in frames]
        changed = change(*pieces) * weights[:, None]
        around = tf.stack([start, count - size - start])
        return (
            number + 1,
            total + tf.pad(changed, [around, [0, 0]]),
            weight + tf.pad(weights, [around]),
        )

    _, total, weight = tf.while_loop(
        lambda number, *_: number < tf.size(starts),
        add,
        (tf.constant(0), tf.zeros_like(frames[0]), tf.zeros([count])),
        shape_invariants=(tf.TensorShape([]), frames[0].shape, tf.TensorShape([None])),
        parallel_iterations=1,
    )
    return total / weight[:, None]


def piece_starts(count: tf.Tensor, piece_frames: int, overlap_frames: int) -> tf.Tensor:
    """Says where pieces begin: evenly, the first at the start, the last up to the end.

    Args:
        count: Frames of the sound, int32 scalar.
        piece_frames: Size of a piece.
        overlap_frames: Least number of frames that neighbours share.

    Returns:
        int32 `[pieces]`.
    """
    rest = tf.maximum(count - piece_frames, 0)
    steps = -(-rest // (piece_frames - overlap_frames))
    return tf.range(steps + 1) * rest // tf.maximum(steps, 1)


def _fade(size: tf.Tensor, overlap_frames: int) -> tf.Tensor:
    """Weights of a piece's frames, rising from its ends over the overlap; float32 `[size]`."""
    place = tf.range(size)
    from_end = 1 + tf.minimum(place, size - 1 - place)
    return tf.cast(tf.minimum(from_end, overlap_frames + 1), tf.float32)
