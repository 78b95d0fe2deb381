"""audio_style_transfer: L-BFGS in the graph comes as low as SciPy's, for as many evaluations."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import tensorflow as tf

from modules.audio_style_transfer import lbfgs

_SIZE = 50


def bowl(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A quadratic form a thousand times as steep one way as the other."""
    factors = np.random.default_rng(0).normal(size=(_SIZE, _SIZE))
    form = tf.constant(factors @ factors.T / _SIZE + 0.01 * np.eye(_SIZE), tf.float32)
    slopes = tf.linalg.matvec(form, values)
    return 0.5 * tf.tensordot(values, slopes, 1), slopes


def valley(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Rosenbrock's function."""
    with tf.GradientTape() as tape:
        tape.watch(values)
        ahead, behind = values[1:], values[:-1]
        value = tf.reduce_sum(100 * (ahead - behind**2) ** 2 + (1 - behind) ** 2)
    return value, tape.gradient(value, values)


def barrier(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Least at 1e-3, and not a number below 0, where the first step would go."""
    with tf.GradientTape() as tape:
        tape.watch(values)
        value = tf.reduce_sum(values - 1e-3 * tf.math.log(values))
    return value, tape.gradient(value, values)


def search(loss: lbfgs.Loss, start: np.ndarray, iterations: int) -> lbfgs.Found:
    run = tf.function(lambda *given: lbfgs.minimize(loss, *given), autograph=False)
    return run(tf.constant(start, tf.float32), tf.constant(iterations))


@pytest.mark.parametrize(
    ("loss", "start", "iterations"),
    [(bowl, np.ones(_SIZE), 10), (bowl, np.ones(_SIZE), 30), (valley, [-1.2, 1.0] * 5, 10)],
)
def test_it_comes_as_low_as_scipys(loss: lbfgs.Loss, start: list[float], iterations: int) -> None:
    def slow(point: np.ndarray) -> tuple[float, np.ndarray]:
        value, slopes = loss(tf.constant(point, tf.float32))
        return float(value), slopes.numpy().astype(float)

    _, least, told = scipy.optimize.fmin_l_bfgs_b(slow, np.array(start), maxiter=iterations)
    found = search(loss, np.array(start), iterations)
    assert int(found.iterations) == told["nit"] == iterations
    assert float(found.value) == pytest.approx(least, rel=0.05)
    assert float(found.value) == pytest.approx(float(loss(found.position)[0]), rel=1e-5)
    assert int(found.evaluations) <= told["funcalls"] + 1


def test_it_ends_at_the_least_place() -> None:
    found = search(valley, np.array([-1.2, 1.0]), 200)
    np.testing.assert_allclose(found.position, [1, 1], atol=1e-3)
    assert int(found.iterations) < 100


def test_a_step_out_of_what_can_be_is_taken_back() -> None:
    found = search(barrier, np.array([0.5, 0.9]), 100)
    np.testing.assert_allclose(found.position, [1e-3, 1e-3], rtol=0.02)


def test_level_ground_and_no_iterations_are_where_it_begins() -> None:
    def flat(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.constant(2.0), tf.zeros_like(values)

    for found in (search(flat, np.ones(3), 10), search(bowl, np.ones(_SIZE), 0)):
        np.testing.assert_array_equal(found.position, 1)
        assert int(found.iterations) == 0 and int(found.evaluations) == 1


def test_what_only_rounds_is_no_way_down() -> None:
    def rough(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.constant(2.0), tf.ones_like(values)

    found = search(rough, np.ones(3), 5)
    assert np.isfinite(found.position).all() and float(found.value) == 2


def test_a_slope_that_is_no_number_is_not_gone_to() -> None:
    def torn(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        slopes = tf.where(values < 0.5, float("nan"), 2.0 * values)
        return tf.reduce_sum(tf.square(values)), slopes

    found = search(torn, np.array([1.0, 1.0]), 30)
    assert (found.position.numpy() >= 0.5).all() and float(found.value) < 2
