"""chinese_asr: training hears no sentence twice alike: stretches of time and of pitch are left out.

Source: D. Park et al., "SpecAugment" (2019), without its time warping.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from modules.chinese_asr.framing import CEPSTRA, MELS
from modules.chinese_asr.task import Settings
from modules.common.graph.tensors import Tensors


def spec_augment(
    features: Tensors, label: tf.Tensor, settings: Settings
) -> tuple[Tensors, tf.Tensor]:
    """Sets random stretches of frames, and of mel bands, to their mean, which is zero.

    Bands are left out of the smooth spectrum that the cepstra stand for: back to mel bands, mask,
    and forth again.

    Args:
        features: `frames` float32 `[batch, longest, 20]`, `n_frames` int64 `[batch]`.
        label: Passed on.
        settings: `time_masks` of at most `time_mask_frames`, and `band_masks` of at most
            `band_mask_mels` are read.

    Returns:
        The features with fewer frames to hear, and the label.
    """
    frames, n_frames = features["frames"], features["n_frames"]
    batch, longest = tf.shape(frames)[0], tf.shape(frames)[1]
    kept_frames = tf.ones([batch, longest])
    for _ in range(settings.time_masks):
        widest = tf.minimum(settings.time_mask_frames, tf.cast(n_frames, tf.int32) // 5)
        kept_frames *= _keep_mask(longest, tf.cast(n_frames, tf.int32), widest)
    kept_bands = tf.ones([batch, MELS])
    mels = tf.fill([batch], MELS)
    for _ in range(settings.band_masks):
        kept_bands *= _keep_mask(MELS, mels, tf.fill([batch], settings.band_mask_mels))
    cosines = tf.constant(cosine_transform())
    bands = tf.matmul(frames, cosines) * kept_bands[:, None]
    heard = tf.matmul(bands, cosines, transpose_b=True) * kept_frames[..., None]
    return {**features, "frames": heard}, label


def cosine_transform() -> np.ndarray:
    """The first rows of the orthonormal discrete cosine transform, float32 `[20, 40]`."""
    number, band = np.arange(CEPSTRA)[:, None], np.arange(MELS)[None]
    rows = np.cos(math.pi * number * (band + 0.5) / MELS) * math.sqrt(2 / MELS)
    rows[0] /= math.sqrt(2)
    return rows.astype(np.float32)


def _keep_mask(size: tf.Tensor | int, within: tf.Tensor, widest: tf.Tensor) -> tf.Tensor:
    """1 but for one stretch of random width and place in each example, float32 `[batch, size]`."""
    batch = tf.shape(within)[0]
    width = tf.random.uniform([batch]) * tf.cast(widest + 1, tf.float32)
    width = tf.minimum(tf.cast(width, tf.int32), widest)
    start = tf.random.uniform([batch]) * tf.cast(within - width + 1, tf.float32)
    start = tf.cast(start, tf.int32)[:, None]
    place = tf.range(size)[None]
    return 1 - tf.cast((place >= start) & (place < start + width[:, None]), tf.float32)
