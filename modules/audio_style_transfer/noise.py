"""audio_style_transfer: noise that sounds as a style's spectrum, a baseline."""

from __future__ import annotations

import tensorflow as tf

from modules.common.sound import audio

_SEED = (7, 7)


def noise_like(samples: tf.Tensor, n_fft: int, hop: int) -> tf.Tensor:
    """Makes noise as loud as a sound at every frequency, but the same at all times.

    Args:
        samples: float32 `[n]`.
        n_fft: Samples that a frame spans.
        hop: Samples from one frame to the next.

    Returns:
        float32 `[n]`; always the same for the same sound.
    """
    spectrum = audio.stft(tf.random.stateless_normal(tf.shape(samples), _SEED), n_fft, hop)
    wanted, found = (
        tf.reduce_mean(tf.square(tf.abs(values)), axis=0, keepdims=True)
        for values in (audio.stft(samples, n_fft, hop), spectrum)
    )
    gain = tf.sqrt(tf.math.divide_no_nan(wanted, found))
    return audio.istft(spectrum * tf.cast(gain, tf.complex64), hop, tf.size(samples))
