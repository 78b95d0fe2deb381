"""audio_style_transfer: a clip to an excerpt of its middle, on which the evaluation works."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from modules.audio_style_transfer.task import Settings, excerpt_samples
from modules.common.declaring.settings import restore
from modules.common.graph.tensors import Tensors
from modules.common.sound import pcm


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `pcm`, 16-bit little-endian mono PCM at `sample_rate_hz`, string `[batch, 1]`.
        custom_config: `settings` holds `eval_seconds` and `sample_rate_hz`.

    Returns:
        The declared features. A clip that is shorter than the excerpt is repeated.
    """
    settings = restore(Settings, custom_config["settings"])
    contents = inputs["pcm"][:, 0]
    length = excerpt_samples(settings)
    samples = tf.cast(tf.strings.length(contents) // 2, tf.float32)
    return {
        "excerpt": tf.map_fn(
            lambda content: _excerpt(samples_of(content), length),
            contents,
            fn_output_signature=tf.TensorSpec([length], tf.float32),
        ),
        "duration_s": samples / settings.sample_rate_hz,
    }


def samples_of(contents: tf.Tensor) -> tf.Tensor:
    """Decodes PCM.

    Args:
        contents: 16-bit little-endian mono PCM, string scalar; an odd byte at its end is left out.

    Returns:
        float32 `[n]`, full scale is [-1, 1].
    """
    samples, counts = pcm.samples_of(contents[None])
    return samples[0, : counts[0]]


def _excerpt(samples: tf.Tensor, length: int) -> tf.Tensor:
    """Takes the middle of a sound, or the sound over and over; float32 `[length]`."""
    count = tf.size(samples)
    samples = tf.cond(count > 0, lambda: samples, lambda: tf.zeros([1]))
    begin = tf.maximum(count - length, 0) // 2
    places = (begin + tf.range(length)) % tf.maximum(count, 1)
    return tf.gather(samples, places)
