"""Gradient-boosted trees of scikit-learn, computed in a TensorFlow graph.

So they are scored where the model is, on the same examples.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

MAX_DEPTH = 8
"""Decisions from a tree's root to a leaf, at most."""


class Trees(NamedTuple):
    """Nodes of all trees in succession; NumPy arrays, or tensors in a graph.

    Attributes:
        roots: The first node of each tree, int32 `[trees]`.
        feature: What each node looks at, int32 `[nodes]`.
        threshold: Up to which it goes left, float64 `[nodes]`.
        left: Node that comes next up to the threshold, itself where the node is a leaf, int32
            `[nodes]`.
        right: Node that comes next above the threshold, likewise.
        value: What a leaf adds to the logit, float64 `[nodes]`.
        intercept: The logit before any tree, float64 `[]`.
    """

    roots: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    intercept: np.ndarray


def fit_trees(features: np.ndarray, is_positive: np.ndarray, seed: int) -> Trees:
    """Fits trees to two classes, with scikit-learn's defaults but for their depth.

    Args:
        features: Numbers `[examples, features]`, none of them missing.
        is_positive: 0 or 1, `[examples]`; both occur.
        seed: Chooses what is held out to say how many trees there are, of many examples.
    """
    classifier = HistGradientBoostingClassifier(max_depth=MAX_DEPTH, random_state=seed)
    # Its threads wait for one another without rest, which takes minutes where others work too.
    with threadpool_limits(limits=1, user_api="openmp"):
        return read_trees(classifier.fit(features, is_positive))


def read_trees(classifier: HistGradientBoostingClassifier) -> Trees:
    """Takes the nodes out of a fitted classifier of two classes and of numbers.

    Args:
        classifier: No deeper than `MAX_DEPTH`.
    """
    # No public attribute has the trees.
    trees = [predictor.nodes for [predictor] in classifier._predictors]
    roots = np.cumsum([0, *map(len, trees)])[:-1]
    nodes = np.concatenate(trees)
    first = np.repeat(roots, list(map(len, trees)))
    is_leaf = nodes["is_leaf"].astype(bool)
    itself = np.arange(len(nodes))
    return Trees(
        roots=roots.astype(np.int32),
        feature=nodes["feature_idx"].astype(np.int32),
        threshold=nodes["num_threshold"].astype(np.float64),
        left=np.where(is_leaf, itself, first + nodes["left"]).astype(np.int32),
        right=np.where(is_leaf, itself, first + nodes["right"]).astype(np.int32),
        value=np.where(is_leaf, nodes["value"], 0.0),
        intercept=np.array(classifier._baseline_prediction, np.float64).reshape(()),
    )


def logit(features: tf.Tensor, trees: Trees) -> tf.Tensor:
    """Computes the logit of the positive class.

    Args:
        features: Numbers `[batch, features]`.
        trees: What `fit_trees` gave.

    Returns:
        float64 `[batch]`.
    """
    features = tf.cast(features, tf.float64)
    # [batch, trees]
    node = tf.tile(tf.convert_to_tensor(trees.roots)[None], [tf.shape(features)[0], 1])
    for _ in range(MAX_DEPTH):
        value = tf.gather(features, tf.gather(trees.feature, node), batch_dims=1)
        is_left = value <= tf.gather(trees.threshold, node)
        node = tf.where(is_left, tf.gather(trees.left, node), tf.gather(trees.right, node))
    return trees.intercept + tf.reduce_sum(tf.gather(trees.value, node), axis=1)
