"""chinese_asr: how much the language model should count, chosen after training.

Some utterances of the training split are read with each weight, and with each bonus for a
character. The language model that reads them is fitted on the other sentences alone, since one that
knows a sentence would seem better than it is; and parts of what the network hears are masked, as in
training, since it has learnt these very recordings. Nothing that is evaluated on has a part in it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from modules.chinese_asr import scoring
from modules.chinese_asr.augment import spec_augment
from modules.chinese_asr.decoding import decode
from modules.chinese_asr.task import Settings
from modules.common.models.trigram import Trigram, fit_trigram
from modules.common.training.input_pipeline import Split

WEIGHTS = (0.2, 0.4, 0.6, 0.8, 1.0)
BONUSES = (0.0, 2.0, 4.0, 6.0)
BEAM_WIDTH = 8
_FIRST_WEIGHT = 0.4
_BATCH = 32
_log = logging.getLogger(__name__)


class Chosen(NamedTuple):
    """How the language model counts.

    Attributes:
        weight: Its weight, 0 where it counts nothing.
        length_bonus: What each character adds to a text's score, times the weight.
    """

    weight: float
    length_bonus: float


class Heard(NamedTuple):
    """A batch of what the network made of utterances.

    Attributes:
        logits: float32 `[batch, frames, symbols]`.
        n_frames: int64 `[batch]`.
        characters: What was said, int64 `[batch, longest]`, 0 after the text.
    """

    logits: tf.Tensor
    n_frames: tf.Tensor
    characters: tf.Tensor


def choose(model: keras.Model, train: Split, settings: Settings) -> Chosen:
    """Chooses weight and bonus with the lowest character error rate, if that is no chance.

    Args:
        model: The trained model.
        train: The transformed training split.
        settings: `lm_utterances`, `length_bonus`, the masks and `seed` are read.

    Returns:
        The weight is 0 unless the best is ahead of that by more than a standard error, and unless
        there are more other sentences than such as are read.
    """
    nothing = Chosen(0.0, settings.length_bonus)
    keras.utils.set_random_seed(settings.seed)
    heard = list(hear(model, train, settings))
    if not heard:
        return nothing
    others = other_sentences(heard, train["characters"])
    # Of few sentences a language model learns nothing.
    if len(others) <= sum(len(each.characters) for each in heard):
        return nothing
    trigram = fit_trigram(others, heard[0].logits.shape[-1])
    lengths = np.concatenate([scoring.length(each.characters).numpy() for each in heard])
    chosen, wrong = search(error_counter(heard, trigram))
    rates = ", ".join(
        f"{way.weight:g} with {way.length_bonus:g}: {errors.sum() / lengths.sum():.2%}"
        for way, errors in wrong.items()
    )
    _log.info("language model, weight with bonus and error rate: %s", rates)
    plain = wrong[Chosen(0.0, 0.0)]
    return chosen if is_ahead(wrong[chosen], plain, lengths) else nothing


def search(
    count: Callable[[Chosen], np.ndarray],
) -> tuple[Chosen, dict[Chosen, np.ndarray]]:
    """Finds the best way: the bonus at a middling weight first, then the weight.

    Args:
        count: Gives the characters that are wrong in each utterance, `[utterances]`.

    Returns:
        The best, and what was wrong with each that was tried, one without a language model among
        them.
    """
    wrong = {(way := Chosen(_FIRST_WEIGHT, bonus)): count(way) for bonus in BONUSES}
    best = min(wrong, key=lambda way: wrong[way].sum())
    ways = [Chosen(0.0, 0.0), *(Chosen(weight, best.length_bonus) for weight in WEIGHTS)]
    wrong |= {way: count(way) for way in ways if way not in wrong}
    return min(wrong, key=lambda way: wrong[way].sum()), wrong


def is_ahead(wrong: np.ndarray, plain: np.ndarray, lengths: np.ndarray) -> bool:
    """Whether fewer characters are wrong, by more than a standard error.

    Args:
        wrong: Characters that are wrong, `[utterances]`.
        plain: The same without a language model.
        lengths: Characters that were said.
    """
    gains = plain - wrong
    # The error of a ratio of sums, as the run has it for metrics.
    residuals = gains - lengths * gains.sum() / lengths.sum()
    error = np.sqrt(np.sum(residuals**2) * len(gains) / max(len(gains) - 1, 1))
    return bool(gains.sum() > error)


def error_counter(heard: list[Heard], trigram: Trigram) -> Callable[[Chosen], np.ndarray]:
    """Makes what reads utterances, and counts what is wrong.

    Args:
        heard: What the network made of them.
        trigram: The language model.
    """

    @tf.function(reduce_retracing=True, autograph=False)
    def count(each: Heard, weight: tf.Tensor, bonus: tf.Tensor) -> tf.Tensor:
        batch = tf.shape(each.n_frames)
        width = tf.fill(batch, BEAM_WIDTH)
        read = decode(each.logits, each.n_frames, width, tf.fill(batch, weight), trigram, bonus)
        return scoring.edit_distance(read.ids, each.characters)

    def count_all(way: Chosen) -> np.ndarray:
        weight, bonus = map(tf.constant, way)
        return np.concatenate([count(each, weight, bonus).numpy() for each in heard])

    return count_all


def hear(model: keras.Model, train: Split, settings: Settings) -> Iterator[Heard]:
    """Gives about `lm_utterances` utterances as the network hears them, at most half of all."""
    count = min(settings.lm_utterances, train.examples // 2)
    batches = -(-count // _BATCH)
    for features, characters in train.batches(_BATCH, settings.seed).take(batches):
        masked, characters = spec_augment(features, characters, settings)
        logits = model({"frames": masked["frames"], "n_frames": masked["n_frames"]}, training=False)
        yield Heard(logits, masked["n_frames"], characters)


def other_sentences(heard: list[Heard], characters: np.ndarray) -> np.ndarray:
    """Gives the sentences of the training split that no utterance that was heard says.

    Args:
        heard: What was heard.
        characters: All sentences, int64 `[sentences, longest]`, 0 after the end.
    """
    known = {tuple(row[row != 0]) for each in heard for row in each.characters.numpy()}
    return characters[[tuple(row[row != 0]) not in known for row in characters]]
