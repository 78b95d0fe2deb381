"""voice_gender: the twenty acoustic properties of a recording, in one TensorFlow function.

ExampleGen calls `featurize`, the served graph calls `measure_wavs`; both come to `_measure`, so a
recording has the same properties in training and in serving. The definitions are those of
`voice.csv`, whose script goes back to `specan` of the R package warbleR; they are in `spectrum.py`
and `pitch.py`. All are relative to the recording's peak, so loudness does not matter. Recordings
are brought to 16 kHz, and what comes after 20 seconds is left out, as by that script.

Source: https://github.com/primaryobjects/voice-gender (`sound.R`), with its later settings: window
of 2,048, threshold of 5 %, spectrum and fundamental from 0 to 280 Hz.
"""

from __future__ import annotations

import functools

import numpy as np
import tensorflow as tf

from modules.common.sound import wav
from modules.voice_gender.pitch import WINDOW, pitch_properties
from modules.voice_gender.properties import PROPERTIES, SAMPLE_RATE_HZ
from modules.voice_gender.spectrum import spectral_properties

MAX_SECONDS = 20
_SILENCE = 1e-4

TOO_SHORT = f"the recording is too short: it needs {WINDOW + 1} samples at {SAMPLE_RATE_HZ} Hz"
NOT_FINITE = "the recording holds samples that are not finite numbers"
SILENT = "the recording is silent or constant"
UNVOICED = "the recording holds no window with a fundamental frequency up to 280 Hz"


def featurize(samples: np.ndarray, sample_rate_hz: int) -> dict[str, float]:
    """Computes the raw features of one recording.

    Args:
        samples: float32 `[n]`, mono, full scale is [-1, 1].
        sample_rate_hz: Their rate.

    Returns:
        Property to value, by the names of `PROPERTIES`.

    Raises:
        ValueError: If the recording is too short, silent, constant, or without a fundamental.
    """
    values, problem = _trace_measure()(samples, sample_rate_hz)
    if problem.numpy():
        raise ValueError(problem.numpy().decode())
    return dict(zip(PROPERTIES, values.numpy().tolist(), strict=True))


def measure_wavs(wavs: tf.Tensor) -> tf.Tensor:
    """Computes the properties of encoded recordings, in the graph.

    Args:
        wavs: WAV files' bytes, string `[batch]`.

    Returns:
        float32 `[batch, 20]`, in the order of `PROPERTIES`.

    Raises:
        tf.errors.InvalidArgumentError: If one is not a WAV file, or `featurize` refuses it.
    """

    def measure_wav(contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _measure(wav.decode(contents, SAMPLE_RATE_HZ, MAX_SECONDS))

    values, problems = tf.map_fn(
        measure_wav,
        wavs,
        fn_output_signature=(
            tf.TensorSpec([len(PROPERTIES)], tf.float32),
            tf.TensorSpec([], tf.string),
        ),
    )
    found, _ = tf.unique(tf.boolean_mask(problems, problems != b""))
    message = tf.strings.reduce_join(found, separator="; ")
    with tf.control_dependencies([tf.debugging.Assert(tf.equal(message, b""), [message])]):
        return tf.identity(values)


def _measure(samples: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Properties `[20]` of samples `[n]` at 16 kHz, and what is wrong with them, or nothing."""
    samples = tf.cast(samples[: MAX_SECONDS * SAMPLE_RATE_HZ], tf.float64)
    is_finite = tf.reduce_all(tf.math.is_finite(samples))
    is_long = tf.size(samples) > WINDOW
    deviation = tf.reduce_max(tf.abs(samples - tf.reduce_mean(samples)))
    is_loud = deviation > _SILENCE

    def compute() -> tuple[tf.Tensor, tf.Tensor]:
        pitch, is_voiced = pitch_properties(samples)
        properties = spectral_properties(samples) | pitch
        values = tf.stack([properties[name] for name in PROPERTIES])
        return tf.cast(values, tf.float32), tf.where(is_voiced, "", UNVOICED)

    def refuse() -> tuple[tf.Tensor, tf.Tensor]:
        problem = tf.where(is_long, tf.where(is_finite, SILENT, NOT_FINITE), TOO_SHORT)
        return tf.zeros([len(PROPERTIES)]), problem

    return tf.cond(is_long & is_finite & is_loud, compute, refuse)


@functools.cache
def _trace_measure() -> tf.types.experimental.GenericFunction:
    """Resampling and `_measure`, traced once for all lengths and rates.

    It is made on first use, so that a Beam worker that pickles this module's functions can.
    """

    def measure(samples: tf.Tensor, rate_hz: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _measure(wav.resample(samples, rate_hz, SAMPLE_RATE_HZ))

    specs = [tf.TensorSpec([None], tf.float32), tf.TensorSpec([], tf.int32)]
    return tf.function(measure, input_signature=specs)
