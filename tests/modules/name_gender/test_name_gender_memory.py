"""What is remembered of names' parts, against counting in dictionaries."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from modules.common.models import boosted_trees
from modules.name_gender import memory, simple_models
from modules.name_gender.task import MAX_CHARS

_SMOOTHING = (2.0, 2.0, 2.0, 1.0)


def make_names(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Names of two and three characters whose last one says most: ids, and 1 where male."""
    rng = np.random.default_rng(seed)
    names = np.zeros((count, MAX_CHARS), np.int64)
    names[:, :3] = rng.integers(1, 12, (count, 3))
    names[rng.random(count) < 0.3, 2] = 0
    last = np.where(names[:, 2] > 0, names[:, 2], names[:, 1])
    return names, (rng.random(count) < last / 12).astype(np.float32)


def parts(name: np.ndarray) -> list[object]:
    there = [int(each) for each in name if each]
    return [there[0], (len(there), there[1]), (len(there), there[-1]), tuple(there[1:])]


def count_slowly(
    name: np.ndarray, names: np.ndarray, is_male: np.ndarray, share: float
) -> list[float]:
    """What is known of a name from others, part by part; `share` is that of men in all names."""
    found = []
    for part, smoothing in enumerate(_SMOOTHING):
        bearers = [
            male > 0.5
            for other, male in zip(names, is_male, strict=True)
            if parts(other)[part] == parts(name)[part]
        ]
        men, women = sum(bearers), len(bearers) - sum(bearers)
        odds = (men + smoothing * share) / (women + smoothing * (1 - share))
        found += [math.log(odds), math.log1p(len(bearers))]
    return found


def test_a_name_is_looked_up_as_a_dictionary_would() -> None:
    names, is_male = make_names(400)
    tables, _ = memory.fit(names, is_male)
    asked = np.concatenate([names[:20], make_names(20, seed=1)[0] + (names[:20] > 0)])
    found = memory.look_up(tf.constant(asked), tables).numpy()
    share = (is_male.sum() + 1) / (len(is_male) + 2)
    expected = [count_slowly(name, names, is_male, share) for name in asked]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    # Names that were never seen are among them, and parts that were.
    assert (found[:, 7] == 0).any() and (found[:, 7] > 0).any()


def test_what_is_fitted_sees_no_name_s_own_answer() -> None:
    names, is_male = make_names(300)
    folds = memory.folds_of(tf.constant(names)).numpy()
    assert len(set(folds)) == memory.FOLDS
    _, found = memory.fit(names, is_male)
    share = (is_male.sum() + 1) / (len(is_male) + 2)
    for row in range(0, 300, 17):
        others = folds != folds[row]
        expected = count_slowly(names[row], names[others], is_male[others], share)
        np.testing.assert_allclose(found[row], expected, rtol=1e-5, atol=1e-5)


def test_every_name_has_parts() -> None:
    names = np.zeros((3, MAX_CHARS), np.int64)
    names[0, 0] = 3
    names[1, [0, 2]] = 4, 5
    assert memory.part_keys(tf.constant(names)).shape == (3, memory.PARTS)


def test_simple_models_are_scikit_learn_s() -> None:
    names, is_male = make_names(500, seed=3)
    fitted = simple_models.fit(names, is_male, seed=1)
    tables, own = memory.fit(names, is_male)
    regression = LogisticRegression(max_iter=1000).fit(own, is_male)
    trees = HistGradientBoostingClassifier(max_depth=boosted_trees.MAX_DEPTH, random_state=1)
    trees.fit(own, is_male)

    asked = tf.constant(make_names(200, seed=4)[0])
    features = memory.look_up(asked, tables).numpy()
    found = tf.function(simple_models.answer)(asked, fitted)
    for logits, model in ((found.log_odds, regression), (found.boosted_trees, trees)):
        expected = model.decision_function(features)
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
        assert expected.std() > 0.5
    np.testing.assert_array_equal(found.log_times_seen, features[:, -1])


def test_of_many_names_all_are_counted_and_some_are_fitted_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names, is_male = make_names(3_000, seed=5)
    whole = simple_models.fit(names, is_male, seed=1)
    monkeypatch.setattr(simple_models, "_MAX_NAMES", 1_500)
    monkeypatch.setattr(memory, "_AT_ONCE", 700)
    some = simple_models.fit(names, is_male, seed=1)
    for mine, theirs in zip(some.tables, whole.tables, strict=True):
        np.testing.assert_array_equal(mine.features, theirs.features)
    assert not np.array_equal(some.weights, whole.weights)
    asked = tf.constant(names[:500])
    answers = (simple_models.answer(asked, fitted).log_odds.numpy() for fitted in (some, whole))
    assert np.corrcoef(*answers)[0, 1] > 0.98
