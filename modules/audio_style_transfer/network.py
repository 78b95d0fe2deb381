"""audio_style_transfer: the random network, its Gram matrices, and what two sounds differ by.

One layer: log magnitudes, in which frequencies are channels, are convolved along time with filters
that are drawn at random and never trained, and cut off at 0. What sounds at once, and in which
order within a filter's width, is in the features; the Gram matrix of the features, a mean over
time, is the style.

Source: D. Ulyanov & V. Lebedev, "Audio texture synthesis and style transfer" (2016).
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from modules.common.sound import audio

WIDTH_FRAMES = 11
# Losses of content are those of so long a sound, whatever its length.
CONTENT_SECONDS = 10.0


class Network(NamedTuple):
    """The filters, and what turns sound into what they see.

    Attributes:
        kernel: `[WIDTH_FRAMES * bins, filters]`, float32 or bfloat16: what the products are
            computed in.
        hop: Samples from one frame to the next.
        content_frames: Frames in `CONTENT_SECONDS`.
    """

    kernel: tf.Tensor
    hop: int
    content_frames: float

    @property
    def bins(self) -> int:
        """Frequencies of a spectrum."""
        return int(self.kernel.shape[0]) // WIDTH_FRAMES

    @property
    def filters(self) -> int:
        """How many there are."""
        return int(self.kernel.shape[1])


class Losses(NamedTuple):
    """What a sound differs from style and content by; float32 scalars.

    Attributes:
        style: Sum of the squared differences of the Gram matrices.
        content: Sum of the squared differences of the features, as of ten seconds.
    """

    style: tf.Tensor
    content: tf.Tensor


def draw_kernel(bins: int, filters: int, seed: int, dtype: tf.DType) -> tf.Tensor:
    """Draws the filters; the same seed draws the same anywhere.

    Args:
        bins: Frequencies of a spectrum.
        filters: How many.
        seed: Of the numbers.
        dtype: What they are given in. Their values are bfloat16's, whatever it is, so that the
            network is the same.

    Returns:
        Normal numbers `[WIDTH_FRAMES * bins, filters]` of the deviation that Ulyanov takes.
    """
    deviation = 2.0 * ((bins + filters) * WIDTH_FRAMES) ** -0.5
    drawn = tf.random.stateless_normal([WIDTH_FRAMES * bins, filters], [seed, 0])
    return tf.cast(tf.cast(drawn * deviation, tf.bfloat16), dtype)


def log_magnitudes(samples: tf.Tensor, n_fft: int, hop: int) -> tf.Tensor:
    """Gives what the network sees: ln(1 + magnitude) of the short-time spectrum.

    Args:
        samples: float32 `[..., n]`, full scale is [-1, 1].
        n_fft: Samples that a frame spans.
        hop: Samples from one frame to the next.

    Returns:
        float32 `[..., 1 + n // hop, n_fft // 2 + 1]`, 0 or more.
    """
    return tf.math.log1p(tf.abs(audio.stft(samples, n_fft, hop)))


def features(network: Network, frames: tf.Tensor) -> tf.Tensor:
    """Applies the filters where they fit whole.

    Args:
        network: The filters.
        frames: Log magnitudes, float32 `[n, bins]`, `n` at least `WIDTH_FRAMES`.

    Returns:
        float32 `[n - WIDTH_FRAMES + 1, filters]`, 0 or more.
    """
    seen = _unfold(tf.cast(frames, network.kernel.dtype))
    return tf.nn.relu(tf.cast(tf.matmul(seen, network.kernel), tf.float32))


def gram_sum(network: Network, values: tf.Tensor) -> tf.Tensor:
    """Multiplies each feature with each and sums over time.

    Args:
        network: Says what to compute in.
        values: Features, float32 `[n, filters]`.

    Returns:
        float32 `[filters, filters]`.
    """
    values = tf.cast(values, network.kernel.dtype)
    return tf.cast(tf.matmul(values, values, transpose_a=True), tf.float32)


def value_and_gradient(
    network: Network,
    frames: tf.Tensor,
    target_gram: tf.Tensor,
    content: tf.Tensor,
    content_weight: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Computes style loss plus weighted content loss, and the gradient.

    By hand, since automatic differentiation multiplies twice by the Gram matrices' difference,
    which is symmetric.

    Args:
        network: The filters.
        frames: Log magnitudes, float32 `[n, bins]`.
        target_gram: The style, float32 `[filters, filters]`.
        content: Features of the content, float32 `[n - WIDTH_FRAMES + 1, filters]`.
        content_weight: float32 scalar.

    Returns:
        The loss, float32 scalar, and its gradient by `frames`.
    """
    dtype = network.kernel.dtype
    values = features(network, frames)
    count = tf.cast(tf.shape(values)[0], tf.float32)
    gap = gram_sum(network, values) / count - target_gram
    change = values - content
    weight = content_weight * network.content_frames / count
    loss = tf.reduce_sum(tf.square(gap)) + weight * tf.reduce_sum(tf.square(change))
    by_gram = tf.matmul(tf.cast(values, dtype), tf.cast(gap, dtype))
    by_values = 4.0 / count * tf.cast(by_gram, tf.float32) + 2.0 * weight * change
    by_values = tf.where(values > 0, by_values, 0.0)
    by_seen = tf.matmul(tf.cast(by_values, dtype), network.kernel, transpose_b=True)
    return loss, _fold(tf.cast(by_seen, tf.float32), network.bins)


def gram(network: Network, frames: tf.Tensor, piece_frames: int) -> tf.Tensor:
    """Computes the Gram matrix of a sound of any length, in pieces.

    Args:
        network: The filters.
        frames: Log magnitudes, float32 `[n, bins]`.
        piece_frames: Most frames that are looked at together.

    Returns:
        The mean over time, float32 `[filters, filters]`.
    """
    _, total, _ = _sum_by(network, frames, frames, piece_frames)
    return total / tf.cast(tf.shape(frames)[0] - WIDTH_FRAMES + 1, tf.float32)


def losses(
    network: Network,
    frames: tf.Tensor,
    target_gram: tf.Tensor,
    content_frames: tf.Tensor,
    piece_frames: int,
) -> Losses:
    """Says what a sound of any length differs from style and content by.

    Args:
        network: The filters.
        frames: Log magnitudes of the sound, float32 `[n, bins]`.
        target_gram: The style, float32 `[filters, filters]`.
        content_frames: Log magnitudes of the content, float32 `[n, bins]`.
        piece_frames: Most frames that are looked at together.
    """
    count = tf.cast(tf.shape(frames)[0] - WIDTH_FRAMES + 1, tf.float32)
    _, total, squares = _sum_by(network, frames, content_frames, piece_frames)
    return Losses(
        style=tf.reduce_sum(tf.square(total / count - target_gram)),
        content=squares * network.content_frames / count,
    )


def _sum_by(
    network: Network, frames: tf.Tensor, others: tf.Tensor, piece_frames: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Sums Gram matrices, and squared differences of two sounds' features, over pieces."""
    step = piece_frames - WIDTH_FRAMES + 1
    count = tf.shape(frames)[0] - WIDTH_FRAMES + 1

    def add(begin: tf.Tensor, total: tf.Tensor, squares: tf.Tensor) -> tuple[tf.Tensor, ...]:
        end = begin + piece_frames
        values = features(network, frames[begin:end])
        change = values - features(network, others[begin:end])
        return (
            begin + step,
            total + gram_sum(network, values),
            squares + tf.reduce_sum(tf.square(change)),
        )

    start = (tf.constant(0), tf.zeros([network.filters] * 2), tf.constant(0.0))
    return tf.while_loop(lambda begin, *_: begin < count, add, start, parallel_iterations=1)


def _unfold(frames: tf.Tensor) -> tf.Tensor:
    """Puts each frame and those after it that a filter spans side by side."""
    count = tf.shape(frames)[0] - WIDTH_FRAMES + 1
    return tf.concat([frames[place : place + count] for place in range(WIDTH_FRAMES)], axis=1)


def _fold(seen: tf.Tensor, bins: int) -> tf.Tensor:
    """Sums what `_unfold` repeats: its transpose."""
    parts = [
        tf.pad(
            seen[:, place * bins : (place + 1) * bins],
            [[place, WIDTH_FRAMES - 1 - place], [0, 0]],
        )
        for place in range(WIDTH_FRAMES)
    ]
    return tf.add_n(parts)
