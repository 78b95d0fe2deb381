"""music_rbm: chains against the exact distribution, and the music that they make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from music_rbm_tiny import boltzmann, every_state, random_music, tiny_machine, tiny_model
from scipy import stats

from modules.music_rbm import sampling
from modules.music_rbm.sampling import Order

ROWS = 20_000
# A chance result is as rare as this.
RARE = 1e-4


def seed_of(number: int) -> tf.Tensor:
    return tf.constant([number, 0], tf.int64)


def states_of(
    temperature: float, is_known: np.ndarray | None = None, begin: np.ndarray | None = None
) -> np.ndarray:
    """Counts the states in which many chains end: integers `[32]`."""
    machine = tiny_machine()
    start = np.zeros((ROWS, 5), np.float32) if begin is None else np.tile(begin, (ROWS, 1))
    ends = sampling.chain(
        machine,
        tf.constant(start, tf.float32),
        tf.constant(40),
        tf.constant(temperature),
        seed_of(7),
        None if is_known is None else tf.constant(is_known),
    ).numpy()
    return np.bincount((ends @ (2 ** np.arange(4, -1, -1))).astype(int), minlength=32)


@pytest.mark.parametrize(("temperature", "other"), [(1.0, 1.2), (2.0, 1.6)])
def test_chains_end_in_the_boltzmann_distribution(temperature: float, other: float) -> None:
    counts = states_of(temperature)
    expected = ROWS * boltzmann(tiny_machine(), temperature)
    assert stats.chisquare(counts, expected).pvalue > RARE
    at_another = ROWS * boltzmann(tiny_machine(), other)
    assert stats.chisquare(counts, at_another).pvalue < RARE


def test_held_units_stay_and_the_others_follow_them() -> None:
    is_known = np.array([True, False, False, True, False])
    begin = np.array([1, 0, 0, 0, 0], np.float32)
    counts = states_of(1.0, is_known, begin)
    states = every_state(5)
    fits = (states[:, is_known] == begin[is_known]).all(axis=1)
    assert counts[~fits].sum() == 0
    shares = boltzmann(tiny_machine())[fits]
    assert stats.chisquare(counts[fits], ROWS * shares / shares.sum()).pvalue > RARE
    free = boltzmann(tiny_machine()).reshape(2, 4, 2, 2).sum(axis=(0, 2)).ravel()
    assert stats.chisquare(counts[fits], ROWS * free).pvalue < RARE


def test_chains_with_biases_of_their_own_are_apart() -> None:
    machine = tiny_machine()
    biases = np.stack([np.full(5, 40.0), np.full(5, -40.0)]).astype(np.float32)
    by_row = machine._replace(visible_bias=biases, hidden_bias=np.tile(machine.hidden_bias, (2, 1)))
    ends = sampling.chain(by_row, tf.zeros([2, 5]), tf.constant(3), tf.constant(1.0), seed_of(1))
    np.testing.assert_array_equal(ends, [[1] * 5, [0] * 5])


def order(**changes: Any) -> Order:
    given = {"steps": 20, "gibbs_steps": 3, "temperature": 1.0, "seed": 5} | changes
    return Order(
        tf.constant(given["steps"]),
        tf.constant(given["gibbs_steps"]),
        tf.constant(given["temperature"]),
        tf.constant(given["seed"], tf.int64),
        tf.constant(given.get("primer", np.zeros((0, 156))), tf.float32),
    )


def draw(model: Any, **changes: Any) -> np.ndarray:
    frequency = tf.fill([156], 0.3)
    return np.asarray(sampling.sample(model, order(**changes), frequency))


def consistent_music(steps: int) -> np.ndarray:
    music = random_music(1, steps)[0]
    given = tf.constant(music, tf.float32)
    return np.asarray(sampling.playable(given, tf.constant(0))).astype(np.uint8)


@pytest.fixture(scope="module", params=["rbm", "rnn_rbm"])
def model(request: pytest.FixtureRequest) -> Any:
    return tiny_model(model=request.param)


def test_a_longer_piece_begins_as_a_shorter_one(model: Any) -> None:
    longest = draw(model, steps=20)
    for steps in (1, 2, 5, 6, 7, 9, 10, 19):
        piece = draw(model, steps=steps)
        assert piece.shape == (steps, 156) and piece.dtype == np.uint8
        np.testing.assert_array_equal(piece, longest[:steps])


def test_seed_temperature_and_sweeps_matter(model: Any) -> None:
    first = draw(model)
    np.testing.assert_array_equal(first, draw(model))
    for change in ({"seed": 6}, {"temperature": 1.5}, {"gibbs_steps": 4}, {"seed": 2**40}):
        assert (first != draw(model, **change)).any(), change


def test_little_heat_draws_what_is_likeliest(model: Any) -> None:
    # Nearly always the same, whatever the randomness.
    cold = [draw(model, temperature=1e-3, gibbs_steps=30, seed=seed, steps=6) for seed in (1, 2)]
    warm = [draw(model, temperature=1.0, gibbs_steps=30, seed=seed, steps=6) for seed in (1, 2)]
    assert np.mean(cold[0] != cold[1]) < 0.5 * np.mean(warm[0] != warm[1])


@pytest.mark.parametrize("given", [1, 3, 6, 8, 13, 20])
def test_the_primer_is_kept_and_gone_on_from(model: Any, given: int) -> None:
    primer = consistent_music(given)
    music = draw(model, primer=primer)
    np.testing.assert_array_equal(music[:given], primer)
    if given < 20:
        other = primer.copy()
        other[-3:, 78:] = 1
        other[-3:, :78] = 1
        assert (draw(model, primer=other)[given:] != music[given:]).any()


def test_every_step_is_drawn(model: Any) -> None:
    silent = 0
    for seed in range(5):
        music = draw(model, seed=seed)
        silent += int((music.sum(axis=1) == 0).sum())
    assert silent == 0


def test_windows_go_on_from_the_half_of_the_one_before() -> None:
    # A machine whose second half of a window is what its first half is.
    model = tiny_model(window_steps=2, hidden_units=156)
    model.kernel.assign(20 * np.concatenate([np.eye(156), np.eye(156)]))
    model.visible_bias.assign(np.full(312, -10.0))
    model.hidden_bias.assign(np.full(156, -20.0))
    primer = consistent_music(1)
    music = draw(model, primer=primer, steps=9, gibbs_steps=8)
    for step in music:
        np.testing.assert_array_equal(step, primer[0])


def test_what_is_drawn_can_be_played(model: Any) -> None:
    for seed in range(3):
        music = draw(model, seed=seed).astype(bool)
        sounding, struck = music[:, :78], music[:, 78:]
        assert struck.any() and not (struck & ~sounding).any()
        begins = sounding & ~np.concatenate([np.zeros((1, 78), bool), sounding[:-1]])
        assert not (begins & ~struck).any()


def test_mending_leaves_what_is_right_and_what_was_given() -> None:
    music = consistent_music(12)
    given = tf.constant(music, tf.float32)
    np.testing.assert_array_equal(sampling.playable(given, tf.constant(0)), music)
    wrong = np.zeros((4, 156), np.float32)
    wrong[0, 10] = wrong[1, 10] = wrong[3, 10] = 1  # never struck
    wrong[1, 78 + 20] = 1  # struck, not sounding
    wrong[2, 20] = 1
    mended = np.asarray(sampling.playable(tf.constant(wrong), tf.constant(0)))
    assert not mended[:, 10].any()
    np.testing.assert_array_equal(mended[:, 20], [0, 1, 1, 0])
    np.testing.assert_array_equal(mended[:, 78:], wrong[:, 78:])
    kept = np.asarray(sampling.playable(tf.constant(wrong), tf.constant(2)))
    np.testing.assert_array_equal(kept[:2], wrong[:2])
