"""chinese_asr: the likeliest text by prefix beam search, in the graph, with a language model.

Every step of the loop takes one frame of all examples: each prefix stays, its last character or a
blank sounding on, or grows by one of the frame's likeliest characters; a longer prefix that is in
the beam already gets the probability of the shorter that grew into it. A prefix is worth

    log p(prefix | sound) + lm_weight * sum of (log p(character | the two before) + length_bonus)

and at the end the language model says besides how likely a sentence ends there.

Source: A. Hannun et al., "First-pass large vocabulary continuous speech recognition using
bi-directional recurrent DNNs" (2014), algorithm 1, in the log domain; without a language model and
its bonus the answer is what `tf.nn.ctc_beam_search_decoder` looks for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from modules.common.models.trigram import Trigram, log_probability

CHARACTERS_PER_FRAME = 24
"""A prefix grows by none but the likeliest characters of a frame."""

# Of what is impossible; finite, so that sums and differences are numbers.
_LOW = -1e30
_HASH_FACTOR = 6364136223846793005


class _Beams(NamedTuple):
    """Prefixes, `[batch, beams]` each, best first; those not in use are of probability `_LOW`.

    Attributes:
        blank: Log-probability of all ways to have come here that end in a blank, float32.
        sound: The same of those that end in the last character, float32.
        last: Last character, 0 of the empty prefix, int32.
        before: The character before it, 0 where there is none, int32.
        name: A number that says which prefix it is, int64.
        parent: That of the prefix without its last character, int64.
        lm: Language model and bonus so far, float32.
    """

    blank: tf.Tensor
    sound: tf.Tensor
    last: tf.Tensor
    before: tf.Tensor
    name: tf.Tensor
    parent: tf.Tensor
    lm: tf.Tensor


def search(
    logits: tf.Tensor,
    n_frames: tf.Tensor,
    beam_width: tf.Tensor,
    lm_weight: tf.Tensor,
    trigram: Trigram,
    length_bonus: float | tf.Tensor = 0.0,
) -> tf.Tensor:
    """Finds the likeliest text of each recording.

    An example's answer depends on its own frames, width and weight alone.

    Args:
        logits: float32 `[batch, frames, symbols]`, the last dimension static; symbol 0 is blank.
        n_frames: Integers `[batch]`; later frames do not matter.
        beam_width: Integers `[batch]`, 1 or more: prefixes that are kept.
        lm_weight: float32 `[batch]`, 0 or more.
        trigram: The language model of `symbols` symbols.
        length_bonus: Added for each character to its log-probability by the language model, so
            that long texts are not dear for being long.

    Returns:
        Ids, int32 `[batch, longest]`, 0 after the text.
    """
    frames = tf.shape(logits)[1]
    n_frames, width = tf.cast(n_frames, tf.int32), tf.cast(beam_width, tf.int32)
    beams = tf.reduce_max(width)
    is_kept = tf.range(beams) < width[:, None]
    weight = lm_weight[:, None]
    has_lm = tf.reduce_any(lm_weight > 0)
    tensors = tf.nest.map_structure(tf.convert_to_tensor, trigram)

    def lm_of(*three: tf.Tensor) -> tf.Tensor:
        return tf.cond(
            has_lm,
            lambda: log_probability(tensors, *(tf.cast(each, tf.int64) for each in three)),
            lambda: tf.zeros(tf.shape(three[0])),
        )

    def step(
        frame: tf.Tensor, old: _Beams, history: tuple[tf.TensorArray, tf.TensorArray]
    ) -> tuple[tf.Tensor, _Beams, tuple[tf.TensorArray, tf.TensorArray]]:
        log_p = tf.nn.log_softmax(logits[:, frame])
        new, source, character = _grow(old, log_p, weight, length_bonus, is_kept, lm_of)
        goes_on = (frame < n_frames)[:, None]
        new = _Beams(*(tf.where(goes_on, now, was) for now, was in zip(new, old, strict=True)))
        kept_source = tf.where(goes_on, source, tf.range(beams))
        sources, characters = history
        sources = sources.write(frame, kept_source)
        characters = characters.write(frame, tf.where(goes_on, character, 0))
        return frame + 1, new, (sources, characters)

    arrays = tuple(tf.TensorArray(tf.int32, frames, element_shape=[None, None]) for _ in range(2))
    _, last, history = tf.while_loop(
        lambda frame, *_: frame < frames,
        step,
        (tf.constant(0), _first(tf.shape(logits)[0], beams), arrays),
        parallel_iterations=1,
    )
    end = last.lm + lm_of(last.before, last.last, tf.zeros_like(last.last))
    best = tf.argmax(_sum(last.blank, last.sound) + weight * end, axis=1, output_type=tf.int32)
    return _trace_back(best, history)


def _first(batch: tf.Tensor, beams: tf.Tensor) -> _Beams:
    """The empty prefix alone."""
    shape = tf.stack([batch, beams])
    is_first = tf.fill([batch, 1], True) & (tf.range(beams) == 0)
    return _Beams(
        blank=tf.where(is_first, 0.0, _LOW),
        sound=tf.fill(shape, _LOW),
        last=tf.zeros(shape, tf.int32),
        before=tf.zeros(shape, tf.int32),
        name=tf.zeros(shape, tf.int64),
        parent=tf.zeros(shape, tf.int64),
        lm=tf.zeros(shape),
    )


def _grow(
    old: _Beams,
    log_p: tf.Tensor,
    weight: tf.Tensor,
    length_bonus: float | tf.Tensor,
    is_kept: tf.Tensor,
    lm_of: Callable[..., tf.Tensor],
) -> tuple[_Beams, tf.Tensor, tf.Tensor]:
    """Takes one frame.

    Args:
        old: Prefixes before it.
        log_p: Log-probabilities of the frame, float32 `[batch, symbols]`.
        weight: Of the language model, float32 `[batch, 1]`.
        length_bonus: As for `search`.
        is_kept: Which ranks an example keeps, bool `[batch, beams]`.
        lm_of: Two characters and the one after them, of one shape, to log-probabilities.

    Returns:
        Prefixes after it; the rank of the old prefix that each was, and the character by which it
        grew, or 0, int32 `[batch, beams]` each.
    """
    beams = tf.shape(old.last)[1]
    best, characters = tf.math.top_k(log_p[:, 1:], min(CHARACTERS_PER_FRAME, log_p.shape[1] - 1))
    characters += 1
    total = _sum(old.blank, old.sound)
    of_last = tf.gather(log_p, old.last, batch_dims=1)

    # A character that is the prefix's last begins anew after a blank only.
    repeats = old.last[:, :, None] == characters[:, None]
    longer = tf.where(repeats, old.blank[:, :, None], total[:, :, None]) + best[:, None]
    three = (old.before[:, :, None], old.last[:, :, None], characters[:, None])
    of_lm = lm_of(*(tf.broadcast_to(each, tf.shape(longer)) for each in three))
    longer_lm = old.lm[:, :, None] + of_lm + length_bonus

    joins, is_in_beam = _join(old, total, characters)
    longer = tf.where(is_in_beam, _LOW, longer)
    blank = total + log_p[:, :1]
    sound = of_last + _sum(old.sound, joins)

    flat = [tf.shape(blank)[0], -1]
    all_sound = tf.concat([sound, tf.reshape(longer, flat)], axis=1)
    all_lm = tf.concat([old.lm, tf.reshape(longer_lm, flat)], axis=1)
    all_total = tf.concat([_sum(blank, sound), all_sound[:, beams:]], axis=1)
    _, chosen = tf.math.top_k(all_total + weight * all_lm, beams)

    is_longer = chosen >= beams
    grown, by = tf.maximum(chosen - beams, 0) // characters.shape[1], chosen - beams
    source = tf.where(is_longer, grown, chosen)
    character = tf.gather(characters, tf.maximum(by, 0) % characters.shape[1], batch_dims=1)
    character = tf.where(is_longer, character, 0)

    def of_source(values: tf.Tensor) -> tf.Tensor:
        return tf.gather(values, source, batch_dims=1)

    name, last = of_source(old.name), of_source(old.last)
    new = _Beams(
        blank=tf.where(is_kept & ~is_longer, of_source(blank), _LOW),
        sound=tf.where(is_kept, tf.gather(all_sound, chosen, batch_dims=1), _LOW),
        last=tf.where(is_longer, character, last),
        before=tf.where(is_longer, last, of_source(old.before)),
        name=tf.where(is_longer, _extend(name, character), name),
        parent=tf.where(is_longer, name, of_source(old.parent)),
        lm=tf.gather(all_lm, chosen, batch_dims=1),
    )
    return new, source, character


def _join(old: _Beams, total: tf.Tensor, characters: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds prefixes that grow into others of the beam.

    Args:
        old: Prefixes.
        total: Their log-probabilities, float32 `[batch, beams]`.
        characters: By which they may grow, int32 `[batch, characters]`.

    Returns:
        For each prefix the log-probability with which its parent is in the beam and may take its
        last character, float32 `[batch, beams]`; and for each prefix and character whether the
        two make a prefix of the beam, bool `[batch, beams, characters]`.
    """
    is_used = total > _LOW / 2
    is_child = is_used & (old.last != 0)
    is_parent = (
        (old.parent[:, :, None] == old.name[:, None]) & is_child[:, :, None] & is_used[:, None]
    )  # [batch, child, parent]
    repeats = old.last[:, :, None] == old.last[:, None]
    passed_on = tf.where(repeats, old.blank[:, None], total[:, None])
    joins = tf.reduce_max(tf.where(is_parent, passed_on, _LOW), axis=2)
    is_by = tf.cast(old.last[:, :, None] == characters[:, None], tf.float32)
    is_in_beam = tf.matmul(tf.cast(is_parent, tf.float32), is_by, transpose_a=True) > 0
    return joins, is_in_beam


def _extend(name: tf.Tensor, character: tf.Tensor) -> tf.Tensor:
    """Names a prefix and a character: a hash of 64 bits, the same whichever way it was reached."""
    mixed = (name + tf.cast(character, tf.int64) + 1) * _HASH_FACTOR
    return tf.bitwise.bitwise_xor(mixed, tf.bitwise.right_shift(mixed, tf.constant(29, tf.int64)))


def _trace_back(best: tf.Tensor, history: tuple[tf.TensorArray, tf.TensorArray]) -> tf.Tensor:
    """Reads the best prefixes backwards.

    Args:
        best: Ranks in the end, int32 `[batch]`.
        history: Of each frame, where a prefix came from and by what it grew,
            int32 `[batch, beams]` each.

    Returns:
        Ids, int32 `[batch, longest]`.
    """
    sources, characters = (array.stack() for array in history)

    def back(rank_and_character: tuple, frame: tuple) -> tuple[tf.Tensor, tf.Tensor]:
        rank, _ = rank_and_character
        source, character = frame
        return tuple(tf.gather(values, rank, batch_dims=1) for values in (source, character))

    _, path = tf.scan(back, (sources, characters), (best, tf.zeros_like(best)), reverse=True)
    path = tf.transpose(path)
    return tf.ragged.boolean_mask(path, path != 0).to_tensor()


def _sum(first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
    """Logarithm of the sum of what two logarithms stand for."""
    return tf.maximum(first, second) + tf.math.log1p(tf.exp(-tf.abs(first - second)))
