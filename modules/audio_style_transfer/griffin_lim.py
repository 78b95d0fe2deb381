"""Phases for magnitudes: the fast Griffin-Lim algorithm, in the graph.

Sources: Griffin & Lim, Signal estimation from modified short-time Fourier transform, 1984;
Perraudin, Balazs & Søndergaard, A fast Griffin-Lim algorithm, 2013; as in librosa 0.11.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.common.sound import audio


def griffin_lim(
    magnitudes: tf.Tensor,
    hop: int,
    iterations: tf.Tensor | int,
    momentum: float = 0.99,
    seed: tf.Tensor | int = 0,
    length: tf.Tensor | int | None = None,
) -> tf.Tensor:
    """Finds a sound whose short-time spectrum has about these magnitudes.

    Memory does not grow with the rounds. No gradient flows through it.

    Args:
        magnitudes: float32 `[..., frames, n_fft // 2 + 1]` of known rank, not negative, the last
            dimension known.
        hop: Samples from one frame's centre to the next; 1 to `n_fft`.
        iterations: Rounds, integer; none gives the random phases that the first begins with.
        momentum: How far a round goes on the way of the last one, 0 (Griffin & Lim) to less than 1.
        seed: Of the random phases, integer. The same seed and shape give the same phases.
        length: Samples wanted, integer; `None` gives `(frames - 1) * hop`.

    Returns:
        float32 `[..., length]`.

    Raises:
        ValueError: If `hop` or `momentum` cannot be.
    """
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must be from 0 to less than 1, found {momentum}")
    magnitudes = tf.stop_gradient(magnitudes)
    n_fft = 2 * (magnitudes.shape[-1] - 1)
    shape = tf.shape(magnitudes)
    if length is None:
        length = (shape[-2] - 1) * hop
    weights = audio.overlap_weights(shape[-2], n_fft, hop)
    frames = shape[-2]
    wanted = tf.complex(magnitudes, 0.0)
    inertia = tf.complex(momentum / (1 + momentum), 0.0)

    def sound(phases: tf.Tensor) -> tf.Tensor:
        return audio.istft_weighted(wanted * phases, hop, (frames - 1) * hop, weights)

    def step(number: tf.Tensor, phases: tf.Tensor, last: tf.Tensor) -> tuple[tf.Tensor, ...]:
        rebuilt = tf.ensure_shape(audio.stft(sound(phases), n_fft, hop), magnitudes.shape)
        return number + 1, _phases(rebuilt - inertia * last), rebuilt

    angles = tf.random.stateless_uniform(shape, [seed, 0], maxval=2 * np.pi)
    start = tf.ensure_shape(tf.complex(tf.cos(angles), tf.sin(angles)), magnitudes.shape)
    iterations = tf.cast(iterations, tf.int32)
    _, phases, _ = tf.while_loop(
        lambda number, *_: number < iterations,
        step,
        (tf.constant(0), start, tf.zeros_like(start)),
        parallel_iterations=1,
    )
    return tf.stop_gradient(audio.istft_weighted(wanted * phases, hop, length, weights))


def _phases(spectrum: tf.Tensor) -> tf.Tensor:
    """The spectrum with magnitudes of 1, or 0 where it is 0."""
    tiny = np.finfo(np.float32).tiny
    return spectrum * tf.complex(1 / (tf.abs(spectrum) + tiny), 0.0)
