"""age_gender: histograms against scikit-image's, machines against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from skimage import color, data, transform
from skimage.feature import hog as reference_hog
from sklearn.kernel_ridge import KernelRidge
from sklearn.svm import LinearSVC

from modules.age_gender import baselines, hog, machine


def reference(grey: np.ndarray) -> np.ndarray:
    """scikit-image's histograms of one picture."""
    found: np.ndarray = reference_hog(grey, 9, (8, 8), (2, 2), block_norm="L2-Hys")
    return found


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    """Parts of photographs and noise, uint8 `[6, 64, 64, 3]`."""
    photo, cat = data.astronaut(), data.chelsea()
    parts = [photo[60:124, 190:254], photo[0:512:8, 0:512:8], cat[90:154, 150:214]]
    noise = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3))
    return np.stack([*parts, *noise, np.full((64, 64, 3), 90)]).astype(np.uint8)


def test_histograms_are_those_of_scikit_image(faces: np.ndarray) -> None:
    grey = np.dot(faces / 255, [0.299, 0.587, 0.114]).astype(np.float32)
    found = hog.describe(tf.constant(faces)).numpy()
    assert found.shape == (len(faces), hog.UNITS)
    wanted = np.stack([reference(picture) for picture in grey])
    # A gradient on the border of two orientations may be rounded to either.
    assert np.mean(np.abs(found - wanted) > 1e-3) < 2e-3
    np.testing.assert_allclose(found[:2], wanted[:2], atol=0.03)
    assert not found[-1].any()


def test_larger_pictures_are_brought_to_size(faces: np.ndarray) -> None:
    photo = data.astronaut()[20:276, 100:356]
    grey = color.rgb2gray(photo)
    small = transform.resize(grey, (64, 64), anti_aliasing=True)
    found = hog.describe(tf.constant(photo[None])).numpy()[0]
    assert np.corrcoef(found, reference(small))[0, 1] > 0.95


def test_both_ways_round_is_the_same_of_a_mirror_image(faces: np.ndarray) -> None:
    found = hog.describe_both_ways(tf.constant(faces)).numpy()
    turned = hog.describe_both_ways(tf.constant(faces[:, :, ::-1])).numpy()
    np.testing.assert_allclose(found, turned, atol=1e-5)
    plain = hog.describe(tf.constant(faces)).numpy()
    assert np.abs(found - plain).max() > 0.05


def clusters(count: int, classes: int, units: int = 30) -> tuple[np.ndarray, np.ndarray]:
    """Examples of classes that overlap."""
    rng = np.random.default_rng(2)
    labels = rng.integers(0, classes, count)
    centres = rng.normal(size=(classes, units))
    return (centres[labels] + rng.normal(0, 1.5, (count, units))).astype(np.float32), labels


def test_the_machine_is_kernel_ridge_regression_on_the_classes() -> None:
    described, labels = clusters(120, 3)
    space = machine.project(described)
    fitted = machine.fit(described, labels, 3, space)
    known, unseen = described[:120], clusters(150, 3)[0][120:]
    gamma = float(fitted["sharpness"] / space["distance"])
    rotated = (known - space["mean"]) @ space["components"]
    wanted = np.eye(3)[labels] - 1 / 3
    candidates = []
    for penalty in machine._PENALTIES:
        ridge = KernelRidge(alpha=penalty, kernel="rbf", gamma=gamma).fit(rotated, wanted)
        left_out = np.empty_like(wanted)
        for row in range(len(rotated)):
            others = np.arange(len(rotated)) != row
            alone = KernelRidge(alpha=penalty, kernel="rbf", gamma=gamma)
            alone.fit(rotated[others], wanted[others])
            left_out[row] = alone.predict(rotated[row : row + 1])[0]
        candidates.append((float(np.mean((left_out - wanted) ** 2)), ridge, left_out))
    _, ridge, left_out = min(candidates, key=lambda found: found[0])
    np.testing.assert_allclose(fitted["weights"], ridge.dual_coef_, atol=1e-3)
    found = machine.decide(tf.constant(unseen), fitted, space).numpy()
    answered = ridge.predict((unseen - space["mean"]) @ space["components"])
    np.testing.assert_allclose(found, fitted["scale"] * answered, atol=1e-3)
    # As sure as it is right: no other scale has a likelihood that is much better.
    cost = {
        scale: -np.log(_odds(scale * left_out)[np.arange(120), labels]).mean()
        for scale in (0.8 * fitted["scale"], fitted["scale"], 1.25 * fitted["scale"])
    }
    assert min(cost, key=lambda scale: cost[scale]) == fitted["scale"]


def _odds(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def test_faces_of_unknown_age_do_not_count() -> None:
    described, labels = clusters(60, 3)
    labels[::3] = -1
    space = machine.project(described)
    fitted = machine.fit(described, labels, 3, space)
    assert fitted["vectors"].shape == (40, 30) and fitted["weights"].shape == (40, 3)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_linear_machine_decides_as_scikit_learn_does(classes: int) -> None:
    described, labels = clusters(200, classes)
    fitted = baselines.fit_svm(described, labels, classes, seed=1)
    found = baselines.decide_by_svm(tf.constant(described), fitted).numpy().argmax(axis=1)
    wanted = [
        LinearSVC(C=cost, random_state=1).fit(described, labels).predict(described)
        for cost in baselines._COSTS
    ]
    assert max(np.mean(found == answers) for answers in wanted) == 1
    assert np.mean(found == labels) > 0.7


def test_a_class_without_an_example_is_never_the_answer() -> None:
    described, labels = clusters(90, 2)
    labels[labels == 1] = 3
    fitted = baselines.fit_svm(described, labels, 5, seed=1)
    answers = baselines.decide_by_svm(tf.constant(described), fitted).numpy().argmax(axis=1)
    assert set(answers) == {0, 3}
    kernel, bias = baselines.fit_svm(described, np.full(90, 2), 5, seed=1)
    assert not kernel.any() and bias.argmax() == 2


def test_network_and_machine_are_joined_by_their_geometric_mean() -> None:
    rng = np.random.default_rng(3)
    network = _odds(rng.normal(size=(5, 8))).astype(np.float32)
    logits = rng.normal(size=(5, 8)).astype(np.float32)
    wanted = np.sqrt(network * _odds(logits))
    found = baselines.join(tf.constant(network), tf.constant(logits))
    np.testing.assert_allclose(found, wanted / wanted.sum(axis=1, keepdims=True), rtol=1e-4)
