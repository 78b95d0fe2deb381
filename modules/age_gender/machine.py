"""age_gender: a kernel machine on histograms of oriented gradients, half of the model.

Ridge regression on the classes with a Gaussian kernel, the least-squares support vector machine.
What it says of a face that it was not fitted on is known in closed form, so that its kernel, its
penalty and how sure it is are chosen on the training split, without folds.

Source: J. Suykens & J. Vandewalle, "Least Squares Support Vector Machine Classifiers" (1999); of
the errors with one example left out, G. Cawley & N. Talbot, "Fast Exact Leave-One-Out
Cross-Validation of Sparse Least-Squares Support Vector Machines" (2004).
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from modules.common.graph.tensors import Arrays, Tensors

# Fitting time grows with the cube of the examples.
_MAX_EXAMPLES = 3000
_COMPONENTS = 256
_SHARPNESSES = (1.0, 2.0)
_PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0)
_SCALES = np.geomspace(0.5, 20, 30)


def project(described: np.ndarray) -> Arrays:
    """Finds the components of descriptions in which they differ most.

    Args:
        described: float32 `[examples, units]`.

    Returns:
        `mean` `[units]`, `components` `[units, at most 256]`, and `distance` `[]`, the median
        square of the distance of two examples, float32 each.
    """
    described = described[:_MAX_EXAMPLES].astype(np.float64)
    mean = described.mean(axis=0)
    centred = described - mean
    count = min(_COMPONENTS, *centred.shape)
    _, directions = np.linalg.eigh(centred.T @ centred)
    components = directions[:, ::-1][:, :count]
    squares = _squares(centred @ components, centred @ components)
    return {
        "mean": mean.astype(np.float32),
        "components": components.astype(np.float32),
        "distance": np.float32(max(np.median(squares), 1e-9)),
    }


def fit(described: np.ndarray, labels: np.ndarray, classes: int, space: Arrays) -> Arrays:
    """Fits the machine for one question.

    Args:
        described: float32 `[examples, units]`.
        labels: Integers `[examples]`; those below 0 are unknown.
        classes: How many there are.
        space: What `project` gave.

    Returns:
        `vectors` `[examples, components]`, `weights` `[examples, classes]`, `sharpness` `[]` and
        `scale` `[]`, float32 each.
    """
    known = np.flatnonzero(labels >= 0)[:_MAX_EXAMPLES]
    vectors = (described[known].astype(np.float64) - space["mean"]) @ space["components"]
    right = labels[known]
    wanted = np.eye(classes)[right] - 1 / classes
    squares = _squares(vectors, vectors) / space["distance"]
    best = (np.inf, 1.0, wanted, wanted)
    for sharpness in _SHARPNESSES:
        values, axes = np.linalg.eigh(np.exp(-sharpness * squares))
        turned = axes.T @ wanted
        for penalty in _PENALTIES:
            shares = 1 / (np.maximum(values, 0) + penalty)
            weights = axes @ (shares[:, None] * turned)
            left_out = wanted - weights / ((axes**2) @ shares)[:, None]
            error = float(np.mean((left_out - wanted) ** 2))
            if error < best[0]:
                best = (error, sharpness, weights, left_out)
    _, sharpness, weights, left_out = best
    return {
        "vectors": vectors.astype(np.float32),
        "weights": weights.astype(np.float32),
        "sharpness": np.float32(sharpness),
        "scale": np.float32(_choose_scale(left_out, right)),
    }


def _choose_scale(left_out: np.ndarray, right: np.ndarray) -> float:
    """Chooses what scores are multiplied by, so that they are as sure as they are right."""

    def cost(scale: float) -> float:
        logits = scale * left_out
        top = logits.max(axis=1)
        odds = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
        return float(np.mean(odds - logits[np.arange(len(right)), right]))

    return float(min(_SCALES, key=cost))


def decide(described: tf.Tensor, machine: Tensors, space: Tensors) -> tf.Tensor:
    """Computes what a machine says.

    Args:
        described: float32 `[batch, units]`.
        machine: What `fit` gave.
        space: What `project` gave.

    Returns:
        Logits, float32 `[batch, classes]`.
    """
    seen = tf.matmul(described - space["mean"], space["components"])
    vectors = tf.convert_to_tensor(machine["vectors"])
    squares = (
        tf.reduce_sum(seen**2, axis=1, keepdims=True)
        - 2 * tf.matmul(seen, vectors, transpose_b=True)
        + tf.reduce_sum(vectors**2, axis=1)
    )
    kernel = tf.exp(-machine["sharpness"] * tf.nn.relu(squares) / space["distance"])
    return machine["scale"] * tf.matmul(kernel, tf.convert_to_tensor(machine["weights"]))


def _squares(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Squared distances of rows, `[first, second]`."""
    lengths = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    return np.maximum(lengths - 2 * first @ second.T, 0)
