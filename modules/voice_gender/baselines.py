"""voice_gender: what the model is compared with: the majority and a support vector machine.

scikit-learn fits the machine; its support vectors become constants of the served graph, where
`decide` computes the same decision function. The machine is half of the model too: on twenty
properties it is about as good as the network, and wrong on other voices.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.svm import SVC

from modules.common.graph.tensors import Arrays, Tensors
from modules.common.runtime.errors import DataError
from modules.voice_gender.task import Settings

# Fitting time grows with the square of the examples.
_MAX_EXAMPLES = 20_000
_FOLDS = 5


def fit(train: Mapping[str, np.ndarray], settings: Settings) -> Arrays:
    """Fits both baselines on the training split.

    Args:
        train: `properties` `[examples, 20]` and `is_female` `[examples]`.
        settings: `svm_cost` and `seed` are read.

    Returns:
        `majority` `[]` (1 for female), `support_vectors` `[vectors, 20]`, `dual_coefficients`
        `[vectors]`, `intercept` `[]`, `gamma` `[]`, and `slope` and `offset` `[]`, which make a
        logit of a decision; float32 each.

    Raises:
        DataError: If the training split holds one class only.
    """
    properties, is_female = train["properties"], train["is_female"]
    if len(np.unique(is_female)) < 2:
        raise DataError(
            "the training split holds voices of one sex only; give recordings of more speakers, "
            "both female and male"
        )
    if len(properties) > _MAX_EXAMPLES:
        chosen = np.random.default_rng(settings.seed).permutation(len(properties))
        properties, is_female = (
            properties[chosen[:_MAX_EXAMPLES]],
            is_female[chosen[:_MAX_EXAMPLES]],
        )
    gamma = 1.0 / properties.shape[1]
    machine = SVC(C=settings.svm_cost, gamma=gamma)
    slope, offset = _scale(machine, properties, is_female)
    machine.fit(properties, is_female)
    return {
        "slope": np.float32(slope),
        "offset": np.float32(offset),
        "majority": np.float32(train["is_female"].mean() >= 0.5),
        "support_vectors": machine.support_vectors_.astype(np.float32),
        "dual_coefficients": machine.dual_coef_[0].astype(np.float32),
        "intercept": np.float32(machine.intercept_[0]),
        "gamma": np.float32(gamma),
    }


def _scale(machine: SVC, properties: np.ndarray, is_female: np.ndarray) -> tuple[float, float]:
    """Finds what makes a logit of the machine's decisions, on voices that it was not fitted on.

    Source: J. Platt, "Probabilistic outputs for support vector machines" (1999).
    """
    folds = min(_FOLDS, int(np.bincount(is_female.astype(int)).min()))
    if folds < 2:
        return 1.0, 0.0
    decisions = cross_val_predict(
        machine, properties, is_female, cv=folds, method="decision_function"
    )
    found = LogisticRegression().fit(decisions[:, None], is_female)
    return found.coef_[0, 0], found.intercept_[0]


def join(network: tf.Tensor, decision: tf.Tensor, baselines: Tensors) -> tf.Tensor:
    """Takes the mean of the network's logit and of the machine's.

    Args:
        network: Logit of female, float32 `[batch]`.
        decision: What `decide` gave, float32 `[batch]`.
        baselines: What `fit` gave.

    Returns:
        float32 `[batch]`.
    """
    return (network + baselines["slope"] * decision + baselines["offset"]) / 2


def decide(baselines: Tensors, properties: tf.Tensor) -> tf.Tensor:
    """Computes the machine's decision function, above zero for female.

    `sum_i d_i exp(-gamma |x - v_i|^2) + b` with the support vectors `v` and coefficients `d`.

    Args:
        baselines: What `fit` gave.
        properties: Transformed properties, float32 `[batch, 20]`.

    Returns:
        float32 `[batch]`.
    """
    vectors = tf.convert_to_tensor(baselines["support_vectors"])
    squares = (
        tf.reduce_sum(properties**2, axis=1, keepdims=True)
        - 2 * tf.matmul(properties, vectors, transpose_b=True)
        + tf.reduce_sum(vectors**2, axis=1)
    )
    kernel = tf.exp(-baselines["gamma"] * tf.nn.relu(squares))
    return tf.linalg.matvec(kernel, baselines["dual_coefficients"]) + baselines["intercept"]
