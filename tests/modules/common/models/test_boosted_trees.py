from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sklearn.ensemble import HistGradientBoostingClassifier

from modules.common.models import boosted_trees


@pytest.mark.parametrize("examples", [30, 3_000, 12_000])
def test_the_graph_answers_as_scikit_learn_does(examples: int) -> None:
    rng = np.random.default_rng(examples)
    features = rng.normal(size=(examples, 4)).astype(np.float32)
    # A column of few values: where they are equal to a threshold they go left.
    features[:, 3] = rng.integers(0, 3, examples)
    is_positive = features[:, 0] * features[:, 1] + features[:, 3] > rng.normal(size=examples)
    trees = boosted_trees.fit_trees(features, is_positive, seed=1)
    same = HistGradientBoostingClassifier(max_depth=boosted_trees.MAX_DEPTH, random_state=1)
    expected = same.fit(features, is_positive).decision_function(features)
    constants = tf.nest.map_structure(lambda each: tf.Variable(each, trainable=False), trees)
    found = tf.function(lambda values: boosted_trees.logit(values, constants))(features)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert expected.std() > 0.3 or examples == 30
