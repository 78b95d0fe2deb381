"""voice_gender: the eight properties of a recording's fundamental and dominant frequency over time.

Source: R package seewave, `fund` and `dfreq`, as the authors of `voice.csv` called them: windows
of 2,048 samples, of a recording in which samples up to 5 % of the peak were set to zero.
"""

from __future__ import annotations

import math

import tensorflow as tf

from modules.voice_gender.properties import SAMPLE_RATE_HZ
from modules.voice_gender.spectrum import MAX_HZ, hann

WINDOW = 2048
_THRESHOLD = 0.05
_ROUNDING = 1e-9
_SHORTEST_PERIOD = SAMPLE_RATE_HZ // MAX_HZ
_MAX_DOMINANT_HZ = math.ceil(SAMPLE_RATE_HZ / 2000) * 1000 - 1000
_DOMINANT_BINS = round(WINDOW * _MAX_DOMINANT_HZ / SAMPLE_RATE_HZ)


def threshold(samples: tf.Tensor) -> tf.Tensor:
    """Sets what does not exceed 5 % of the peak to zero (seewave `afilter`), peak 1.

    Args:
        samples: float64 `[n]`.

    Returns:
        float64 `[n]`, in [-1, 1].
    """
    peak = tf.reduce_max(tf.abs(samples))
    is_quiet = tf.abs(samples) <= _THRESHOLD * peak
    return tf.where(is_quiet, tf.zeros_like(samples), tf.math.divide_no_nan(samples, peak))


def fundamentals(samples: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Tracks the fundamental by the cepstrum.

    In windows that overlap by half, `c = ifft(log |fft(window)|)`; the fundamental is the rate
    over the quefrency above `rate // 280` samples at which `c` is largest. A window whose maximum
    is at the first quefrency has none, nor has one whose cepstrum does not rise above zero, as
    where all is below the threshold, or but a click is not.

    Source: seewave `fund`, with `wl=2048, ovlp=50, threshold=5, fmax=280`. There, a zero in the
    wave becomes 1e-6; here, a zero in the spectrum 1e-12, which gives finite logarithms too.

    Args:
        samples: float64 `[n]`, thresholded.

    Returns:
        Fundamental frequency in kHz, float64 `[windows]`, and whether there is one.
    """
    windows = _windows(samples, WINDOW // 2)
    log_spectrum = tf.math.log(tf.maximum(tf.abs(tf.signal.rfft(windows)), 1e-12))
    cepstrum = tf.signal.irfft(tf.cast(log_spectrum, tf.complex128))
    searched = cepstrum[:, _SHORTEST_PERIOD : WINDOW // 2]
    best = tf.argmax(searched, axis=1)
    has_peak = tf.reduce_max(searched, axis=1) > _ROUNDING
    period = tf.cast(best + _SHORTEST_PERIOD, tf.float64)
    return SAMPLE_RATE_HZ / 1000 / period, has_peak & (best > 0)


def dominants(samples: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds the loudest frequency below 7 kHz of each Hann window, without overlap.

    Source: seewave `dfreq`, with `wl=2048, ovlp=0, threshold=5` and a band up to 22 kHz, or
    `ceil(rate / 2000) - 1`. It counts bins from one, so that a window dominated by its offset has
    1 / 2048 of the rate, and all else is one bin high; `voice.csv` is so, and this too.

    Args:
        samples: float64 `[n]`, thresholded.

    Returns:
        Dominant frequency in kHz, float64 `[windows]`, and whether there is one.
    """
    windows = _windows(samples, WINDOW) * hann(tf.constant(WINDOW))
    spectrum = tf.abs(tf.signal.rfft(windows))[:, :_DOMINANT_BINS]
    loudest = tf.reduce_max(spectrum, axis=1, keepdims=True)
    # The spectrum of a click is flat but for rounding; then the lowest bin it is.
    is_loudest = tf.cast(spectrum >= loudest * (1 - _ROUNDING), tf.int32)
    position = tf.cast(tf.argmax(is_loudest, axis=1) + 1, tf.float64)
    return position * (SAMPLE_RATE_HZ / 1000 / WINDOW), loudest[:, 0] > 0


def pitch_properties(samples: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """Computes the mean, least and greatest fundamental and dominant frequency, and modindx.

    modindx is the mean absolute difference of successive dominant frequencies over their range,
    or 0 where they are all the same. (The data set's description says "accumulated"; the script
    that made it takes the mean, as does warbleR's `specan`.)

    Args:
        samples: float64 `[n]`, at 16 kHz, more than one window.

    Returns:
        Property to float64 scalar, frequencies in kHz, and whether a window has a fundamental and
        one a dominant frequency, without which the properties mean nothing.
    """
    loud = threshold(samples)
    fundamental, is_voiced = fundamentals(loud)
    dominant, has_dominant = dominants(loud)
    meanfun, minfun, maxfun = _summary(fundamental, is_voiced)
    meandom, mindom, maxdom = _summary(dominant, has_dominant)
    steps = tf.abs(dominant[1:] - dominant[:-1])
    step, _, _ = _summary(steps, has_dominant[1:] & has_dominant[:-1])
    properties = {
        "meanfun": meanfun,
        "minfun": minfun,
        "maxfun": maxfun,
        "meandom": meandom,
        "mindom": mindom,
        "maxdom": maxdom,
        "dfrange": maxdom - mindom,
        "modindx": tf.math.divide_no_nan(step, maxdom - mindom),
    }
    return properties, tf.reduce_any(is_voiced) & tf.reduce_any(has_dominant)


def _windows(samples: tf.Tensor, step: int) -> tf.Tensor:
    """Windows `[windows, 2048]`; as in seewave, the last one begins before `n - 2048`."""
    return tf.signal.frame(samples[:-1], WINDOW, step)


def _summary(values: tf.Tensor, is_valid: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Mean, least and greatest of the valid values; the mean of none is 0."""
    kept = tf.boolean_mask(values, is_valid)
    total = tf.cast(tf.size(kept), tf.float64)
    mean = tf.math.divide_no_nan(tf.reduce_sum(kept), total)
    return mean, tf.reduce_min(kept), tf.reduce_max(kept)
