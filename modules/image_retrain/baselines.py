"""image_retrain: what the head is compared with: logistic regressions by scikit-learn.

`mean_colour` sees the mean of red, green and blue alone. `linear` sees what the head sees, the
bottleneck; where the backbone itself is trained there is none, and it sees the 8x8 thumbnail.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from modules.common.runtime.errors import DataError

# Fitting takes time in proportion.
_MAX_EXAMPLES = 10_000
_FOLDS = 5
_INVERSE_PENALTIES = np.logspace(-4, 1, 6)
# Logit of a class of which no example was chosen.
_NEVER = -1e9


def mean_colour(thumbnail: np.ndarray | tf.Tensor) -> tf.Tensor:
    """Mean of red, green and blue, `[batch, 3]`, of thumbnails `[batch, 192]`."""
    return tf.reduce_mean(tf.reshape(thumbnail, [-1, thumbnail.shape[-1] // 3, 3]), axis=1)


def fit(values: np.ndarray, labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Fits a logistic regression on standardized values.

    Args:
        values: float32 `[examples, units]`.
        labels: int64 `[examples]`, each of 0 to classes - 1 at least once.
        seed: Chooses the examples, where there are many, and the folds.

    Returns:
        Kernel `[units, classes]` and bias `[classes]`, float32, standardization included. How
        strong the penalty is, is chosen by five-fold cross-validation.

    Raises:
        DataError: If there is one class only.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    classes = int(labels.max()) + 1
    if classes < 2:
        raise DataError(
            "the training split holds pictures of one class only; give a folder for each class"
        )
    chosen = np.random.default_rng(seed).permutation(len(labels))[:_MAX_EXAMPLES]
    values, labels = values[chosen].astype(np.float64), labels[chosen]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    folds = min(_FOLDS, int(np.bincount(labels)[np.unique(labels)].min()))
    if folds > 1:
        grid = {"logisticregression__C": _INVERSE_PENALTIES}
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
        model = (
            GridSearchCV(model, grid, cv=splitter, scoring="accuracy")
            .fit(values, labels)
            .best_estimator_
        )
    else:
        model.fit(values, labels)
    return _as_layer(model[0], model[1], classes)


def logits(values: tf.Tensor, fitted: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """Computes a regression's logits.

    Args:
        values: float32 `[batch, units]`.
        fitted: Kernel and bias, as `fit` gives them.

    Returns:
        float32 `[batch, classes]`.
    """
    kernel, bias = fitted
    return tf.matmul(values, kernel) + bias


def _as_layer(
    scaler: Any,
    regression: Any,
    classes: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Puts standardization and regression together."""
    coefficients, intercept = regression.coef_, regression.intercept_
    if len(coefficients) == 1:  # of two classes, scikit-learn gives the second's against the first
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercept = np.concatenate([-intercept, intercept]) / 2
    scaled = coefficients / scaler.scale_
    kernel = np.zeros((scaled.shape[1], classes), np.float32)
    bias = np.full(classes, _NEVER, np.float32)
    kernel[:, regression.classes_] = scaled.T
    bias[regression.classes_] = intercept - scaled @ scaler.mean_
    return kernel, bias
