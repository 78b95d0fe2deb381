"""music_rbm: the machine against sums over all its states, and the gradients of its training."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from music_rbm_tiny import (
    boltzmann,
    every_state,
    free_energy_gradients,
    sigmoid,
    tiny_machine,
    tiny_model,
)

from modules.music_rbm import rbm
from modules.music_rbm.rbm import Machine

DATA = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.float32)
# Chances that one of some hundred figures lies so many standard errors off are a thousandth.
TOLERANCE = 4.5
# Of a datum's chains at a time: sums of very many float32 are not exact enough.
BATCH = 500


def uniform(seed: int) -> rbm.Uniform:
    generator = tf.random.Generator.from_seed(seed)
    return lambda shape: generator.uniform(shape)


def transition(machine: Machine) -> np.ndarray:
    """Chances of one sweep from each visible state to each other, by every hidden state."""
    kernel, visible_bias, hidden_bias = (np.asarray(w, np.float64) for w in machine)
    visible, hidden = every_state(len(visible_bias)), every_state(len(hidden_bias))

    def chances(logits: np.ndarray, states: np.ndarray) -> np.ndarray:
        on = sigmoid(logits)[:, None]
        return np.prod(np.where(states[None] == 1, on, 1 - on), axis=2)

    up = chances(visible @ kernel + hidden_bias, hidden)
    down = chances(hidden @ kernel.T + visible_bias, visible)
    return up @ down


def of_chains(
    machine: Machine, shares: np.ndarray, rows: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Expected gradients of contrastive divergence, and their standard errors.

    Args:
        machine: The weights.
        shares: The distribution over states in which each datum's chain ends, `[data, states]`.
        rows: How many chains each datum has.
    """
    expected, errors = [], []
    at_data = free_energy_gradients(machine, DATA)
    at_states = free_energy_gradients(machine, every_state(DATA.shape[1]))
    for of_data, of_state in zip(at_data, at_states, strict=True):
        mean = np.tensordot(shares, of_state, 1)
        variance = np.tensordot(shares, of_state**2, 1) - mean**2
        expected.append(of_data.mean(axis=0) - mean.mean(axis=0))
        errors.append(np.sqrt(variance.mean(axis=0) / (rows * len(DATA))))
    return expected, errors


def sampled(machine: Machine, sweeps: int, rows: int) -> list[np.ndarray]:
    """Gradients of contrastive divergence, as training computes them: means of many batches."""
    weights = Machine(*(tf.Variable(weight) for weight in machine))
    data, draw = tf.repeat(DATA, BATCH, axis=0), uniform(sweeps)

    @tf.function
    def gradients() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            contrast = rbm.contrast(weights, data, rbm.gibbs(weights, data, sweeps, draw))
        return tape.gradient(contrast, list(weights))

    found = [gradients() for _ in range(rows // BATCH)]
    return [np.mean([part.numpy() for part in parts], axis=0) for parts in zip(*found, strict=True)]


def furthest(found: list, expected: list, errors: list) -> float:
    """The largest difference in standard errors."""
    triples = zip(found, expected, errors, strict=True)
    return max(float(np.max(np.abs(f - e) / (s + 1e-6))) for f, e, s in triples)


def test_free_energy_is_the_sum_over_all_hidden_states() -> None:
    machine = tiny_machine()
    shares = boltzmann(machine)
    found = rbm.free_energy(machine, every_state(5)).numpy()
    by_state = -np.log(shares)
    # Free energies are known up to what all states have in common.
    np.testing.assert_allclose(found - found[0], by_state - by_state[0], atol=1e-5)
    hidden = every_state(3)
    nothing = np.exp(hidden @ np.asarray(machine.hidden_bias, np.float64)).sum()
    assert found[0] == pytest.approx(-np.log(nothing), abs=1e-5)


def test_pseudo_likelihood_is_that_of_each_unit_given_all_others() -> None:
    machine, states = tiny_machine(), every_state(5)
    shares = boltzmann(machine)
    logits = rbm.compute_hidden_logits(machine, states)
    found = rbm.surprise(machine, states, logits).numpy()
    place = {tuple(state): index for index, state in enumerate(states.tolist())}
    for index, state in enumerate(states):
        for unit in range(5):
            flipped = state.copy()
            flipped[unit] = 1 - flipped[unit]
            other = shares[place[tuple(flipped.tolist())]]
            chance = shares[index] / (shares[index] + other)
            assert found[index, unit] == pytest.approx(-np.log(chance), abs=1e-5)


@pytest.mark.parametrize("sweeps", [1, 3])
def test_the_gradient_of_cd_is_what_all_ways_of_the_chain_give(sweeps: int) -> None:
    machine, rows = tiny_machine(scale=1.5), 50_000
    ways = np.linalg.matrix_power(transition(machine), sweeps)
    place = (DATA @ (2 ** np.arange(4, -1, -1))).astype(int)
    expected, errors = of_chains(machine, ways[place], rows)
    found = sampled(machine, sweeps, rows)
    assert furthest(found, expected, errors) < TOLERANCE
    # A sweep fewer would be noticed.
    fewer = np.linalg.matrix_power(transition(machine), sweeps - 1)
    others, errors = of_chains(machine, fewer[place], rows)
    assert furthest(found, others, errors) > 2 * TOLERANCE


def test_with_many_sweeps_the_gradient_is_that_of_the_likelihood() -> None:
    machine, rows = tiny_machine(), 20_000
    shares = np.tile(boltzmann(machine), (len(DATA), 1))
    expected, errors = of_chains(machine, shares, rows)
    assert furthest(sampled(machine, 50, rows), expected, errors) < TOLERANCE
    assert furthest(sampled(machine, 1, rows), expected, errors) > 2 * TOLERANCE


def test_sweeps_leave_the_boltzmann_distribution_alone() -> None:
    machine = tiny_machine()
    shares = boltzmann(machine)
    np.testing.assert_allclose(shares @ transition(machine), shares, atol=1e-9)


def test_persistent_chains_go_on_and_tend_to_the_gradient_of_the_likelihood() -> None:
    chains, rounds = 256, 400
    model = tiny_model(window_steps=1, hidden_units=3, persistent=True, persistent_chains=chains)
    machine = model.machine()
    kernel, visible_bias, hidden_bias = (np.asarray(w, np.float64) for w in machine)
    # With few hidden units the sum over their states is exact, however many others there are.
    hidden = every_state(3)
    logits = hidden @ kernel.T + visible_bias
    log_weights = hidden @ hidden_bias + np.logaddexp(0, logits).sum(axis=1)
    shares = np.exp(log_weights - np.logaddexp.reduce(log_weights))
    expected = np.einsum("s,sv,sh->vh", shares, sigmoid(logits), hidden)

    advance = tf.function(lambda: model.chain_ends(machine, tf.zeros([1, 156])))
    first, second = advance().numpy(), advance().numpy()
    assert first.shape == (chains, 156)
    assert not np.array_equal(first, second)
    found = np.zeros((rounds, *expected.shape))
    for number in range(rounds):
        ends = advance().numpy()
        found[number] = -free_energy_gradients(machine, ends)[0].mean(axis=0)
    # Rounds depend on each other: stretches of twenty hardly do.
    stretches = found.reshape(20, -1, *expected.shape).mean(axis=1)
    errors = stretches.std(axis=0, ddof=1) / np.sqrt(len(stretches))
    deviations = np.abs(stretches.mean(axis=0) - expected) / (errors + 1e-3)
    assert np.mean(deviations) < 1.5 and np.max(deviations) < 6


def test_plain_chains_begin_at_the_data() -> None:
    model = tiny_model(window_steps=1, hidden_units=3)
    machine = model.machine()
    frozen = Machine(machine.kernel, tf.fill([156], -40.0), machine.hidden_bias)
    still = model.chain_ends(frozen, tf.ones([4, 156]))
    assert still.shape == (4, 156) and not np.any(still.numpy())
