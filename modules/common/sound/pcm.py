"""Features of batches of recordings of any lengths, from 16-bit PCM, in the graph.

Recordings are taken in order of their lengths, a few at a time. Little of what is computed is
padding, and memory does not grow with the batch: a thousand recordings' spectra would not fit.
"""

from __future__ import annotations

import tensorflow as tf

from modules.common.sound import audio

# More leaves the processor's caches, less is many small operations.
_GROUP_SAMPLES = 200_000
# Most operations on a group are too small to be shared among cores, so groups are.
_GROUPS_AT_ONCE = 2


def samples_of(pcm: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes recordings.

    Args:
        pcm: Little-endian int16 of one channel each, string `[batch]`.

    Returns:
        float32 `[batch, longest]` in [-1, 1], zeros after the end, and int32 `[batch]` lengths.
    """
    lengths = tf.strings.length(pcm) // 2
    # The operation refuses a length of 0.
    longest = tf.maximum(tf.reduce_max(tf.concat([lengths, [0]], axis=0)), 1)
    whole = tf.io.decode_raw(pcm, tf.int16, fixed_length=2 * longest)
    return tf.cast(whole, tf.float32) * 2.0**-15, lengths


def mfcc(
    pcm: tf.Tensor, rate_hz: int, n_fft: int, hop: int, n_mels: int, n_mfcc: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Mel frequency cepstral coefficients of recordings, those of `audio.mfcc`.

    Args:
        pcm: Little-endian int16 of one channel each, string `[batch]`.
        rate_hz: Sample rate of all.
        n_fft: Samples that a frame spans; even.
        hop: Samples from one frame's centre to the next; 1 to `n_fft`.
        n_mels: Bands, from 0 Hz to half the sample rate.
        n_mfcc: Coefficients; at most `n_mels`.

    Returns:
        float32 `[batch, most frames, n_mfcc]` in dB, zeros after a recording's own frames, and the
        number of these, int32 `[batch]`.
    """
    lengths = tf.strings.length(pcm) // 2
    n_frames = audio.frame_count(lengths, hop)
    batch = tf.size(pcm)
    order = tf.argsort(lengths, direction="DESCENDING")
    most = tf.reduce_max(tf.concat([n_frames, [0]], axis=0))

    def step(
        start: tf.Tensor, number: tf.Tensor, groups: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        longest = tf.gather(lengths, order[start])
        end = tf.minimum(start + tf.maximum(_GROUP_SAMPLES // (longest + n_fft), 1), batch)
        rows = order[start:end]
        samples, _ = samples_of(tf.gather(pcm, rows))
        found = audio.mfcc(samples, rate_hz, n_fft, hop, n_mels, n_mfcc)
        is_own = tf.sequence_mask(tf.gather(n_frames, rows), tf.shape(found)[1])
        found = tf.where(is_own[:, :, tf.newaxis], found, 0.0)
        found = tf.pad(found, [[0, 0], [0, most - tf.shape(found)[1]], [0, 0]])
        return end, number + 1, groups.write(number, found)

    groups = tf.TensorArray(
        tf.float32, 0, dynamic_size=True, infer_shape=False, element_shape=[None, None, n_mfcc]
    )
    # Beginning with none, so that an empty batch too has something to put together.
    groups = groups.write(0, tf.zeros([0, most, n_mfcc]))
    _, _, groups = tf.while_loop(
        lambda start, *_: start < batch,
        step,
        (tf.constant(0), tf.constant(1), groups),
        parallel_iterations=_GROUPS_AT_ONCE,
    )
    coefficients = tf.gather(groups.concat(), tf.argsort(order))
    return tf.ensure_shape(coefficients, [pcm.shape[0], None, n_mfcc]), n_frames
