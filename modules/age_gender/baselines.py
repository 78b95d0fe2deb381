"""age_gender: what the model is compared with, and what is half of it, fitted on the same faces.

`majority` is the most frequent answer; `svm` scikit-learn's linear support vector machine on
histograms of oriented gradients, the strongest simple model of a few faces; `machine` the kernel
machine on the same, the model's other half.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.age_gender import hog, machine
from modules.age_gender.labels import AGE_GROUPS, GENDERS
from modules.age_gender.task import Settings
from modules.common.graph.tensors import Baselines
from modules.common.runtime.errors import DataError
from modules.common.training.input_pipeline import Split

QUESTIONS = {"age": len(AGE_GROUPS), "gender": len(GENDERS)}
"""Classes of each question, in the order of the label."""

_MAX_EXAMPLES = 10_000
_FACES_AT_ONCE = 256
_COSTS = (0.01, 0.1)
_FOLDS = 3
# Decision about a class of which no face was seen.
_NEVER = -1e9


def fit(train: Split, settings: Settings) -> Baselines:
    """Fits all on the training split; of a large one, on 10,000 of its faces.

    Args:
        train: The transformed training split.
        settings: `seed` chooses the faces, and the folds.

    Returns:
        `majority` int64 `[2]`; `svm`, for each question a kernel `[1764, classes]` and a bias
        `[classes]`; `space`, what `machine.project` gives, and `machine`, for each question what
        `machine.fit` gives.

    Raises:
        DataError: If no age, or no gender, is known.
    """
    labels = train["age_gender"]
    majority = []
    for column, what in enumerate(QUESTIONS):
        known = labels[:, column][labels[:, column] >= 0]
        if not known.size:
            raise DataError(f"no face that is trained on has a known {what}; age_gender needs some")
        majority.append(np.bincount(known).argmax())
    plain, both_ways, labels = _describe(train, settings.seed)
    space = machine.project(both_ways)
    machines, svms = {}, {}
    for column, (what, classes) in enumerate(QUESTIONS.items()):
        machines[what] = machine.fit(both_ways, labels[:, column], classes, space)
        known = np.flatnonzero(labels[:, column] >= 0)
        svms[what] = fit_svm(plain[known], labels[known, column], classes, settings.seed)
    return {
        "majority": np.array(majority, np.int64),
        "svm": svms,
        "space": space,
        "machine": machines,
    }


def _describe(train: Split, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Describes faces, as they are and both ways round; and their labels, in the same order."""
    describe = tf.function(lambda pixels: (hog.describe(pixels), hog.describe_both_ways(pixels)))
    parts = []
    for features, label in train.batches(_FACES_AT_ONCE, seed).take(
        _MAX_EXAMPLES // _FACES_AT_ONCE
    ):
        parts.append((*describe(features["image"]), label))
    plain, both_ways, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
    return plain, both_ways, labels


def fit_svm(
    described: np.ndarray, labels: np.ndarray, classes: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fits the support vector machine, its cost of errors chosen by three-fold cross-validation.

    Args:
        described: float32 `[examples, units]`.
        labels: Integers `[examples]`, 0 to classes - 1.
        classes: How many there are; not each need have an example.
        seed: Of the folds.

    Returns:
        Kernel `[units, classes]` and bias `[classes]`, float32.
    """
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.svm import LinearSVC

    kernel = np.zeros((described.shape[1], classes), np.float32)
    bias = np.full(classes, _NEVER, np.float32)
    present, counts = np.unique(labels, return_counts=True)
    if len(present) == 1:
        bias[present] = 0
        return kernel, bias
    found = LinearSVC(C=_COSTS[-1], random_state=seed)
    folds = min(_FOLDS, int(counts.min()))
    if folds > 1:
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
        grid = GridSearchCV(found, {"C": _COSTS}, cv=splitter, scoring="accuracy")
        found = grid.fit(described, labels).best_estimator_
    else:
        found.fit(described, labels)
    coefficients, intercept = found.coef_, found.intercept_
    if len(coefficients) == 1:  # of two classes, scikit-learn gives the second's alone
        coefficients = np.concatenate([-coefficients, coefficients])
        intercept = np.concatenate([-intercept, intercept])
    kernel[:, present], bias[present] = coefficients.T, intercept
    return kernel, bias


def decide_by_svm(described: tf.Tensor, fitted: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """Computes the support vector machine's decisions.

    Args:
        described: float32 `[batch, units]`.
        fitted: Kernel and bias, as `fit_svm` gives them.

    Returns:
        float32 `[batch, classes]`, the largest that of the answer.
    """
    kernel, bias = fitted
    return tf.matmul(described, kernel) + bias


def join(network: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Takes the geometric mean of two probabilities.

    Args:
        network: Probabilities by the network, float32 `[batch, classes]`.
        logits: Logits by the kernel machine, the same shape.

    Returns:
        Probabilities, float32 `[batch, classes]`.
    """
    least = tf.constant(1e-9)
    return tf.nn.softmax((tf.math.log(network + least) + tf.nn.log_softmax(logits)) / 2)
