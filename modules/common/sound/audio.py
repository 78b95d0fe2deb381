"""Short-time spectra, mel bands and MFCC of sound, in the graph, by librosa's conventions.

Every function takes any leading dimensions (examples, channels) and treats each sound by itself,
so that what shares a batch does not matter. Frames are centred on multiples of the hop, beyond the
ends there are zeros, and the window is a periodic Hann. A sound of `n` samples has `1 + n // hop`
frames, also where `n` is 0. A sound that was padded with zeros has, in its own frames, the values
that it has without. All is float32 and differentiable.

Source: librosa 0.11, https://librosa.org/doc/0.11.0 (`stft`, `istft`, `feature.melspectrogram`,
`power_to_db`, `feature.mfcc`); time comes before frequency here.
"""

from __future__ import annotations

import functools

import librosa
import numpy as np
import scipy.fft
import tensorflow as tf

MIN_POWER = 1e-10
TOP_DB = 80.0

# Neighbouring bands lie on few of the frequencies, so that most of one matrix for all is zeros.
_BANDS_AT_ONCE = 32


def frame_count(samples: tf.Tensor | int, hop: int) -> tf.Tensor | int:
    """Number of frames of a sound of so many samples: `1 + samples // hop`."""
    return 1 + samples // hop


def stft(samples: tf.Tensor, n_fft: int, hop: int) -> tf.Tensor:
    """Short-time Fourier transform.

    Args:
        samples: float32 `[..., n]` of known rank.
        n_fft: Samples that a frame spans; even.
        hop: Samples from one frame's centre to the next; 1 to `n_fft`.

    Returns:
        complex64 `[..., 1 + n // hop, n_fft // 2 + 1]`.

    Raises:
        ValueError: If `n_fft` or `hop` cannot be.
    """
    return tf.signal.rfft(_frames(samples, n_fft, hop) * hann_window(n_fft))


def istft(spectrum: tf.Tensor, hop: int, length: tf.Tensor | int) -> tf.Tensor:
    """Inverse of `stft`: the sound whose short-time spectrum comes nearest in least squares.

    Args:
        spectrum: complex64 `[..., frames, n_fft // 2 + 1]`, the last dimension known.
        hop: Samples from one frame's centre to the next; 1 to `n_fft`.
        length: Samples wanted, integer; zeros follow where the frames end before.

    Returns:
        float32 `[..., length]`.

    Raises:
        ValueError: If `hop` cannot be.
    """
    n_fft = 2 * (spectrum.shape[-1] - 1)
    _check_sizes(n_fft, hop)
    weights = overlap_weights(tf.shape(spectrum)[-2], n_fft, hop)
    return istft_weighted(spectrum, hop, length, weights)


def overlap_weights(frames: tf.Tensor, n_fft: int, hop: int) -> tf.Tensor:
    """What `istft` multiplies overlapping frames' sum with: 1 over the sum of squared windows.

    Args:
        frames: Their number, int32 scalar.
        n_fft: Samples that a frame spans.
        hop: Samples from one frame's centre to the next.

    Returns:
        float32 `[samples that the frames span]`.
    """
    squares = tf.broadcast_to(hann_window(n_fft) ** 2, [frames, n_fft])
    total = tf.signal.overlap_and_add(squares, hop)
    return tf.where(total > np.finfo(np.float32).tiny, 1.0 / total, 1.0)


def istft_weighted(
    spectrum: tf.Tensor, hop: int, length: tf.Tensor | int, weights: tf.Tensor
) -> tf.Tensor:
    """`istft` with `overlap_weights` given, for who inverts many times over."""
    n_fft = 2 * (spectrum.shape[-1] - 1)
    frames = tf.signal.irfft(spectrum, [n_fft]) * hann_window(n_fft)
    spanned = tf.signal.overlap_and_add(frames, hop) * weights
    samples = spanned[..., n_fft // 2 : n_fft // 2 + length]
    missing = tf.maximum(length - tf.shape(samples)[-1], 0)
    return tf.pad(samples, [[0, 0]] * (samples.shape.rank - 1) + [[0, missing]])


def power_spectrum(samples: tf.Tensor, n_fft: int, hop: int) -> tf.Tensor:
    """Squared magnitudes of `stft`, float32 `[..., 1 + n // hop, n_fft // 2 + 1]`."""
    spectrum = stft(samples, n_fft, hop)
    return tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))


def mel(samples: tf.Tensor, rate_hz: int, n_fft: int, hop: int, n_mels: int) -> tf.Tensor:
    """Power in triangular bands that are equally wide on Slaney's mel scale, of area 1.

    Args:
        samples: float32 `[..., n]` of known rank.
        rate_hz: Their sample rate.
        n_fft: Samples that a frame spans; even.
        hop: Samples from one frame's centre to the next; 1 to `n_fft`.
        n_mels: Bands, from 0 Hz to half the sample rate.

    Returns:
        float32 `[..., 1 + n // hop, n_mels]`, squares of the samples' unit.
    """
    power = power_spectrum(samples, n_fft, hop)
    return tf.concat(
        [
            tf.linalg.matmul(power[..., first : first + len(weights)], tf.constant(weights))
            for first, weights in _mel_bands(rate_hz, n_fft, n_mels)
        ],
        axis=-1,
    )


def decibels(power: tf.Tensor) -> tf.Tensor:
    """Power in dB relative to 1, at most 80 dB below the loudest of the same sound.

    Args:
        power: float32 `[..., frames, bands]`, not negative.

    Returns:
        float32 `[..., frames, bands]`; 1e-10 and less count as -100 dB.
    """
    level_db = 10.0 / np.log(10.0) * tf.math.log(tf.maximum(power, MIN_POWER))
    loudest_db = tf.reduce_max(level_db, axis=[-2, -1], keepdims=True)
    return tf.maximum(level_db, loudest_db - TOP_DB)


def mfcc(
    samples: tf.Tensor, rate_hz: int, n_fft: int, hop: int, n_mels: int, n_mfcc: int
) -> tf.Tensor:
    """Mel frequency cepstral coefficients: the orthonormal DCT-II of the mel bands in dB.

    Args:
        samples: float32 `[..., n]` of known rank.
        rate_hz: Their sample rate.
        n_fft: Samples that a frame spans; even.
        hop: Samples from one frame's centre to the next; 1 to `n_fft`.
        n_mels: Bands, from 0 Hz to half the sample rate.
        n_mfcc: Coefficients, the first of which is the level; at most `n_mels`.

    Returns:
        float32 `[..., 1 + n // hop, n_mfcc]`, dB.

    Raises:
        ValueError: If `n_fft`, `hop` or `n_mfcc` cannot be.
    """
    if not 0 < n_mfcc <= n_mels:
        raise ValueError(f"n_mfcc must be 1 to n_mels = {n_mels}, found {n_mfcc}")
    levels_db = decibels(mel(samples, rate_hz, n_fft, hop, n_mels))
    cosines = _cosines(n_mels)[:, :n_mfcc]
    # The mean goes around the sum, in which float32 would round it off by 1e-3.
    mean_db = tf.reduce_mean(levels_db, axis=-1, keepdims=True)
    return tf.linalg.matmul(levels_db - mean_db, tf.constant(cosines)) + mean_db * np.sum(
        cosines, axis=0
    )


def hann_window(size: int) -> np.ndarray:
    """Periodic Hann window, float32 `[size]`."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)


def _frames(samples: tf.Tensor, n_fft: int, hop: int) -> tf.Tensor:
    """Overlapping pieces `[..., 1 + n // hop, n_fft]` of samples `[..., n]`."""
    _check_sizes(n_fft, hop)
    samples = tf.convert_to_tensor(samples)
    around = [[0, 0]] * (samples.shape.rank - 1) + [[n_fft // 2, n_fft // 2]]
    return tf.signal.frame(tf.pad(samples, around), n_fft, hop)


def _check_sizes(n_fft: int, hop: int) -> None:
    if n_fft < 2 or n_fft % 2:
        raise ValueError(f"n_fft must be even and at least 2, found {n_fft}")
    if not 0 < hop <= n_fft:
        raise ValueError(f"hop must be 1 to n_fft = {n_fft}, found {hop}")


@functools.lru_cache
def _mel_bands(rate_hz: int, n_fft: int, n_mels: int) -> list[tuple[int, np.ndarray]]:
    """The bands' weights, some bands at a time, on the frequencies where these are not all 0.

    Returns:
        For each run of bands the first of the frequencies, 0 to `n_fft // 2`, and float32
        `[frequencies, bands]`.
    """
    whole = librosa.filters.mel(sr=rate_hz, n_fft=n_fft, n_mels=n_mels).T
    runs = []
    for band in range(0, n_mels, _BANDS_AT_ONCE):
        weights = whole[:, band : band + _BANDS_AT_ONCE]
        used = np.flatnonzero(weights.any(axis=1))
        # Bands that are narrower than the frequencies' distance may lie on none.
        first, last = (used[0], used[-1]) if used.size else (0, 0)
        runs.append((int(first), np.ascontiguousarray(weights[first : last + 1])))
    return runs


@functools.lru_cache
def _cosines(size: int) -> np.ndarray:
    """The orthonormal DCT-II as a matrix `[size, size]`, float32, for rows on its left."""
    return scipy.fft.dct(np.eye(size), axis=1, norm="ortho").astype(np.float32)
