"""name_gender: simple models of what `memory` knows of a name.

They are scikit-learn's, fitted on the training split out of fold: a logistic regression, the better
one on few names, and gradient-boosted trees, the better one on many. Each is a baseline of the
gate, and the mean of both is the half of the model that knows names by heart.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf
from sklearn.linear_model import LogisticRegression

from modules.common.models import boosted_trees
from modules.name_gender import memory

_MAX_ITERATIONS = 1000
# Eight numbers and a hundred trees learn no more from more names, which would be copied often.
_MAX_NAMES = 200_000


class Fitted(NamedTuple):
    """The memory and both models; NumPy arrays, or tensors in a graph.

    Attributes:
        tables: What is remembered of each part.
        weights: The regression's, float32 `[memory.FEATURES]`.
        intercept: The regression's, float32 `[]`.
        trees: The trees.
    """

    tables: list[memory.Table]
    weights: np.ndarray
    intercept: np.ndarray
    trees: boosted_trees.Trees


class Answer(NamedTuple):
    """What they answer to names, `[batch]` each.

    Attributes:
        log_odds: The regression's logit of `male`.
        boosted_trees: That of the trees.
        log_times_seen: The logarithm of one more than how often the given name was seen.
    """

    log_odds: tf.Tensor
    boosted_trees: tf.Tensor
    log_times_seen: tf.Tensor


def fit(characters: np.ndarray, is_male: np.ndarray, seed: int) -> Fitted:
    """Counts, and fits both.

    Args:
        characters: int64 `[names, chars]`.
        is_male: float32 `[names]`, 0 or 1; both occur.
        seed: Of the trees, and of the choice of names that models are fitted on where there are
            more than 200,000; all are counted.
    """
    tables, features = memory.fit(characters, is_male)
    if len(features) > _MAX_NAMES:
        chosen = np.random.default_rng(seed).permutation(len(features))[:_MAX_NAMES]
        features, is_male = features[chosen], is_male[chosen]
    regression = LogisticRegression(max_iter=_MAX_ITERATIONS).fit(features, is_male)
    return Fitted(
        tables=tables,
        weights=regression.coef_[0].astype(np.float32),
        intercept=np.array(regression.intercept_[0], np.float32),
        trees=boosted_trees.fit_trees(features, is_male, seed),
    )


def answer(characters: tf.Tensor, fitted: Fitted) -> Answer:
    """Answers names.

    Args:
        characters: int64 `[batch, chars]`.
        fitted: What `fit` gave.
    """
    features = memory.look_up(characters, fitted.tables)
    return Answer(
        log_odds=tf.linalg.matvec(features, fitted.weights) + fitted.intercept,
        boosted_trees=tf.cast(boosted_trees.logit(features, fitted.trees), tf.float32),
        log_times_seen=features[:, -1],
    )


def join(by_characters: tf.Tensor, answer: Answer) -> tf.Tensor:
    """Takes the mean of the network's logit and of what is remembered.

    The oftener a given name was seen, the less is left for its characters to say: of one never seen
    both weigh the same, of one seen `n` times the characters weigh `1 / (2 + n)`.

    Args:
        by_characters: The network's logit of `male`, `[batch]`.
        answer: What simple models answer.

    Returns:
        float32 `[batch]`.
    """
    by_memory = (answer.log_odds + answer.boosted_trees) / 2
    share = tf.sigmoid(-answer.log_times_seen)
    return share * by_characters + (1 - share) * by_memory
