"""How chinese_asr chooses what its language model counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from modules.chinese_asr import lm_weight
from modules.chinese_asr.lm_weight import BONUSES, WEIGHTS, Chosen, Heard
from modules.chinese_asr.task import TASK
from modules.common.models.trigram import fit_trigram

_SYMBOLS = 6
# Sentences of which each says 1 2, 3 4 and so on: the second character is told by the first.
_SENTENCES = np.array(
    [[a, a + 1, b, b + 1, c, c + 1] for a in (1, 3) for b in (1, 3) for c in (1, 3)]
)


def heard(sureness: float, seed: int = 0, batch: int = 40) -> Heard:
    """Frames in which every second character is hard to tell, with a blank after each."""
    rng = np.random.default_rng(seed)
    said = _SENTENCES[rng.integers(len(_SENTENCES), size=batch)]
    logits = rng.normal(0, 1.0, [batch, 12, _SYMBOLS])
    logits[:, 1::2, 0] += 12
    for place in range(6):
        strength = 8.0 if place % 2 == 0 else sureness
        logits[np.arange(batch), 2 * place, said[:, place]] += strength
    return Heard(
        tf.constant(logits, tf.float32),
        tf.fill([batch], tf.constant(12, tf.int64)),
        tf.constant(said, tf.int64),
    )


def test_a_language_model_that_knows_what_follows_is_listened_to() -> None:
    trigram = fit_trigram(_SENTENCES, _SYMBOLS)
    chosen, wrong = lm_weight.search(lm_weight.error_counter([heard(1.0)], trigram))
    plain = wrong[Chosen(0.0, 0.0)]
    assert chosen.weight > 0 and wrong[chosen].sum() < plain.sum() / 2
    assert lm_weight.is_ahead(wrong[chosen], plain, np.full(40, 6))


def test_one_that_knows_nothing_of_what_is_said_is_not() -> None:
    others = np.array([[5, 1, 4, 4, 2, 3], [2, 2, 5, 1, 1, 4], [4, 3, 3, 5, 2, 1]])
    trigram = fit_trigram(others, _SYMBOLS)
    _, wrong = lm_weight.search(lm_weight.error_counter([heard(9.0)], trigram))
    best = min(wrong, key=lambda way: wrong[way].sum())
    assert not lm_weight.is_ahead(wrong[best], wrong[Chosen(0.0, 0.0)], np.full(40, 6))


def test_the_search_tries_bonuses_at_one_weight_and_then_weights() -> None:
    asked: list[Chosen] = []

    def count(way: Chosen) -> np.ndarray:
        asked.append(way)
        return np.array([(way.weight - 0.8) ** 2 + (way.length_bonus - 4) ** 2])

    chosen, _ = lm_weight.search(count)
    assert chosen == Chosen(0.8, 4.0)
    assert len(asked) == len(set(asked)) == len(BONUSES) + len(WEIGHTS)


def test_a_gain_must_be_more_than_its_standard_error() -> None:
    lengths = np.array([5.0, 6.0, 5.0, 4.0] * 5)
    plain = np.array([1.0, 0.0, 1.0, 0.0] * 5)
    assert lm_weight.is_ahead(plain - plain, plain, lengths)
    one_better = plain.copy()
    one_better[0] = 0.0
    assert not lm_weight.is_ahead(one_better, plain, lengths)
    assert not lm_weight.is_ahead(plain, plain, lengths)


def test_sentences_that_were_heard_are_kept_from_the_language_model() -> None:
    characters = np.array([[1, 2, 0], [3, 4, 5], [1, 2, 0], [1, 2, 3]])
    batch = Heard(
        tf.zeros([1, 1, _SYMBOLS]), tf.ones([1], tf.int64), tf.constant([[1, 2, 0, 0]], tf.int64)
    )
    others = lm_weight.other_sentences([batch], characters)
    assert others.tolist() == [[3, 4, 5], [1, 2, 3]]


class FewUtterances:
    """A training split of four utterances of one sentence."""

    examples = 4

    def batches(self, size: int, seed: int) -> tf.data.Dataset:
        features = {
            "frames": tf.zeros([4, 8, 20]),
            "n_frames": tf.fill([4], tf.constant(8, tf.int64)),
        }
        return tf.data.Dataset.from_tensors((features, tf.ones([4, 3], tf.int64)))

    def __getitem__(self, name: str) -> np.ndarray:
        return np.ones([4, 3], np.int64)


@pytest.mark.parametrize("utterances", [0, 100])
def test_of_few_sentences_nothing_is_chosen(utterances: int) -> None:
    settings: Any = TASK.resolve({"lm_utterances": utterances, "length_bonus": 0.5})

    def model(features: Any, training: bool) -> tf.Tensor:
        return tf.zeros([4, 8, _SYMBOLS])

    split: Any = FewUtterances()
    assert lm_weight.choose(model, split, settings) == Chosen(0.0, 0.5)
