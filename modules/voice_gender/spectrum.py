"""voice_gender: the twelve properties of a recording's spectrum between 0 and 280 Hz.

Source: R package seewave, `spec` and `specprop` (with `sfm` and `sh`), called as the authors of
`voice.csv` called them: one Hann-windowed Fourier transform of the whole recording, its amplitudes
(not their squares) up to 280 Hz taken for a probability distribution over frequency.
"""

from __future__ import annotations

import math

import tensorflow as tf

from modules.voice_gender.properties import SAMPLE_RATE_HZ

MAX_HZ = 280


def hann(length: tf.Tensor) -> tf.Tensor:
    """Symmetric Hann window, `0.5 - 0.5 cos(2 pi i / (length - 1))`, float64 `[length]`."""
    position = tf.range(length, dtype=tf.float64) / tf.cast(length - 1, tf.float64)
    return 0.5 - 0.5 * tf.cos(2 * math.pi * position)


def amplitudes(samples: tf.Tensor) -> tf.Tensor:
    """Amplitudes of the bins from 0 to 280 Hz, adding up to 1.

    Source: seewave `spec` takes the first `n // 2` bins, and `specprop` those from 0 to
    `floor(280 * 2 * (n // 2) / rate) - 1` of them; amplitudes of zero become 1e-6 of the largest.

    Args:
        samples: float64 `[n]`.

    Returns:
        float64 `[bins]`, about 0.28 bins a millisecond of sound.
    """
    count = tf.size(samples)
    half = count // 2
    spectrum = tf.abs(tf.signal.rfft(samples * hann(count), [count]))[:half]
    relative = tf.math.divide_no_nan(spectrum, tf.reduce_max(spectrum))
    kept = relative[: MAX_HZ * 2 * half // SAMPLE_RATE_HZ]
    kept = tf.where(tf.equal(kept, 0), tf.cast(1e-6, tf.float64), kept)
    return kept / tf.reduce_sum(kept)


def spectral_properties(samples: tf.Tensor) -> dict[str, tf.Tensor]:
    """Computes what seewave's `specprop` does.

    With `a` the amplitudes, adding up to 1, `f` the frequencies and `L` their number:

    - meanfreq, centroid: `sum(a f)`; sd: `sqrt(sum(a (f - meanfreq)^2))`;
    - Q25, median, Q75: the first `f` at which the running sum of `a` exceeds 0.25, 0.5, 0.75;
      IQR: `Q75 - Q25`; mode: the `f` of the largest `a`;
    - skew, kurt: `sum((a - mean(a))^k) / (L - 1) / std(a)^k` for k = 3 and 4. They describe how
      the amplitudes are distributed, not the frequencies; kurt is not in excess of 3;
    - sp_ent: `-sum(a log a) / log L`; sfm: geometric over arithmetic mean of `a`. seewave thins
      out more than 4,000 bins there, since its product would underflow; logarithms need not.

    Args:
        samples: float64 `[n]`, at 16 kHz.

    Returns:
        Property to float64 scalar, frequencies in kHz.
    """
    amplitude = amplitudes(samples)
    bins = tf.size(amplitude)
    count = tf.cast(bins, tf.float64)
    khz = tf.linspace(tf.constant(0.0, tf.float64), MAX_HZ / 1000, bins)
    mean = tf.reduce_sum(amplitude * khz)
    variance = tf.reduce_sum(amplitude * (khz - mean) ** 2)
    first, second, third = (_quantile(amplitude, khz, share) for share in (0.25, 0.5, 0.75))
    deviation = amplitude - 1 / count
    spread = tf.sqrt(tf.reduce_sum(deviation**2) / (count - 1))

    def moment(order: int) -> tf.Tensor:
        total = tf.reduce_sum(deviation**order) / (count - 1)
        return tf.math.divide_no_nan(total, spread**order)

    log_amplitude = tf.math.log(amplitude)
    return {
        "meanfreq": mean,
        "sd": tf.sqrt(variance),
        "median": second,
        "Q25": first,
        "Q75": third,
        "IQR": third - first,
        "skew": moment(3),
        "kurt": moment(4),
        "sp_ent": -tf.reduce_sum(amplitude * log_amplitude) / tf.math.log(count),
        "sfm": tf.exp(tf.reduce_mean(log_amplitude)) * count,
        "mode": tf.gather(khz, tf.argmax(amplitude)),
        "centroid": mean,
    }


def _quantile(amplitude: tf.Tensor, khz: tf.Tensor, share: float) -> tf.Tensor:
    below = tf.reduce_sum(tf.cast(tf.cumsum(amplitude) <= share, tf.int32))
    return tf.gather(khz, tf.minimum(below, tf.size(khz) - 1))
