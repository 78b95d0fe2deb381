"""The support vector machine, in the graph and as half of the model, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

from modules.common.runtime.errors import DataError
from modules.voice_gender import baselines
from modules.voice_gender.task import TASK

SETTINGS = TASK.resolve({})


def test_machine_in_the_graph_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    properties = rng.standard_normal([300, 20]).astype(np.float32)
    is_female = (properties[:, 12] + 0.5 * rng.standard_normal(300) > 0).astype(np.float32)
    fitted = baselines.fit({"properties": properties, "is_female": is_female}, SETTINGS)
    machine = SVC(C=SETTINGS.svm_cost, gamma=1 / 20).fit(properties, is_female)
    others = rng.standard_normal([50, 20]).astype(np.float32) * 3
    decision = baselines.decide({name: tf.constant(v) for name, v in fitted.items()}, others)
    np.testing.assert_allclose(decision, machine.decision_function(others), atol=1e-4)
    assert fitted["majority"] == float(is_female.mean() >= 0.5)
    # As scikit-learn's calibration has it, which fits a sigmoid to decisions on other folds.
    folds = StratifiedKFold(5)
    calibrated = CalibratedClassifierCV(machine, method="sigmoid", ensemble=False, cv=folds)
    calibrated.fit(properties, is_female)
    near = rng.standard_normal([50, 20]).astype(np.float32)
    decision = baselines.decide({name: tf.constant(v) for name, v in fitted.items()}, near)
    expected = calibrated.predict_proba(near)[:, 1]
    found = tf.sigmoid(fitted["slope"] * decision + fitted["offset"])
    np.testing.assert_allclose(found, expected, atol=0.03)
    assert np.std(expected) > 0.15
    joined = baselines.join(tf.zeros(50), decision, fitted)
    np.testing.assert_allclose(tf.sigmoid(2 * joined), found, rtol=1e-5)


def test_one_sex_only_is_refused() -> None:
    train = {"properties": np.zeros([5, 20], np.float32), "is_female": np.ones(5, np.float32)}
    with pytest.raises(DataError, match="one sex only"):
        baselines.fit(train, SETTINGS)
