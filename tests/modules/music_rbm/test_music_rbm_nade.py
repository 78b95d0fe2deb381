"""music_rbm: the RNN-NADE against loops, its training's estimate, and what it draws."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from music_rbm_tiny import consistent_music, costs_of, sigmoid, split, tiny_model

from modules.music_rbm import augment, metre, sampling
from modules.music_rbm.nade import RnnNade
from modules.music_rbm.orders import Order, fold, seed_of

PITCHES = 78
# Longer than what is heard at most, which is 64 steps.
STEPS = 70


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny_model(model="rnn_nade", window_steps=STEPS, scale=0.2)


def odds_of(model: Any, music: np.ndarray, first_step: int = 0) -> np.ndarray:
    first = np.full(len(music), first_step, np.int64)
    return np.asarray(model({"note_state": music, "first_step": first}))


def by_loops(model: RnnNade, music: np.ndarray, first_step: int, pitch: int) -> np.ndarray:
    """Log odds of one pitch of one window, term by term: `[steps, sounds and is struck]`."""
    weights = {
        weight.path.removeprefix("rnn_nade/"): np.asarray(weight, np.float64)
        for weight in model.trainable_weights
    }
    notes = np.stack([music[:, :PITCHES], music[:, PITCHES:]], axis=-1).astype(np.float64)

    def note(step: int, of: int) -> np.ndarray:
        inside = 0 <= step and 0 <= of < PITCHES
        return notes[step, of] if inside else np.zeros(2)

    def fading(step: int, of: int, by: float) -> np.ndarray:
        return 2 / by * sum(np.exp(-ago / by) * note(step - 1 - ago, of) for ago in range(64))

    units = len(weights["whole/bias"])
    memory, found = np.zeros(units), np.zeros((len(music), 2))
    for step in range(len(music)):
        heard = weights["place_bias"][pitch] + weights["whole/bias"]
        whole = np.zeros(19)
        whole[(first_step + step) % 16] = 1
        is_known = step > 0 or first_step == 0
        whole[16] = is_known
        whole[17:] = sum(note(step - 1, other) for other in range(PITCHES)) / 4
        heard = heard + whole @ weights["whole/kernel"]
        for place, semitones in enumerate(range(-12, 13)):
            heard += note(step - 1, pitch + semitones) @ weights["near"][place]
        for place, semitones in enumerate(range(-2, 3)):
            other = pitch + semitones
            echoes = [note(step - ago, other) for ago in (16, 32, 64)]
            echoes += [fading(step, other, by) for by in (8, 48)]
            heard += np.concatenate(echoes) @ weights["nearest"][place]
        for other in range(PITCHES):
            echoes = [note(step - 1, other), fading(step, other, 8), fading(step, other, 48)]
            heard += np.concatenate(echoes) @ weights["classes"][(other - pitch) % 12]
        voices = [note(step - 1, other) for other in range(PITCHES)]
        crowd = [*sum(voices[:pitch], np.zeros(2)), *sum(voices[pitch + 1 :], np.zeros(2))]
        heard += np.array(crowd) / 4 @ weights["voices"]
        heard = np.maximum(heard, 0)
        memory = gru(
            heard,
            memory,
            *(weights[f"rnn/cell/{name}"] for name in ("kernel", "recurrent_kernel", "bias")),
        )
        hidden = np.concatenate([memory, heard]) @ weights["to_hidden/kernel"]
        hidden += weights["to_hidden/bias"]
        for other in range(pitch):
            hidden += note(step, other) @ weights["counts"]
            if other >= pitch - 24:
                hidden += note(step, other) @ weights["below"][other - pitch + 24]
        state = int(note(step - 1, pitch).sum()) if is_known else 3
        found[step] = np.maximum(hidden, 0) @ weights["out/kernel"] + weights["out/bias"]
        found[step] += weights["state_bias"][state, (first_step + step) % 16]
        found[step] += weights["pitch_bias"][pitch]
        if note(step, pitch)[1]:
            found[step, 0] = 16
    return found


def gru(
    given: np.ndarray, memory: np.ndarray, kernel: np.ndarray, own: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """One step of a gated recurrent unit, whose reset gate comes after the product."""
    update, reset, new = np.split(given @ kernel + bias[0], 3)
    of_update, of_reset, of_new = np.split(memory @ own + bias[1], 3)
    update, reset = sigmoid(update + of_update), sigmoid(reset + of_reset)
    return update * memory + (1 - update) * np.tanh(new + reset * of_new)


@pytest.mark.parametrize(("first_step", "pitch"), [(0, 0), (0, 40), (37, 77)])
def test_odds_are_what_a_loop_over_steps_and_pitches_says(
    model: Any, first_step: int, pitch: int
) -> None:
    music = consistent_music(1, STEPS)
    found = odds_of(model, music, first_step)[0, :, [pitch, PITCHES + pitch]].T
    np.testing.assert_allclose(found, by_loops(model, music[0], first_step, pitch), atol=2e-3)


def test_a_unit_does_not_know_of_those_after_it(model: Any) -> None:
    music = consistent_music(1, STEPS)
    changed = music.copy()
    changed[0, 30:, 50:PITCHES] ^= 1
    first, second = odds_of(model, music)[0], odds_of(model, changed)[0]
    kinds = first.reshape(STEPS, 2, PITCHES), second.reshape(STEPS, 2, PITCHES)
    np.testing.assert_allclose(kinds[0][:30], kinds[1][:30], atol=1e-5)
    np.testing.assert_allclose(kinds[0][30, :, :50], kinds[1][30, :, :50], atol=1e-5)
    # Whether a pitch is struck is told before whether it sounds.
    np.testing.assert_allclose(kinds[0][30, 1, 50], kinds[1][30, 1, 50], atol=1e-5)
    assert np.abs(kinds[0][30, :, 51:] - kinds[1][30, :, 51:]).max() > 0.1
    assert np.abs(kinds[0][31:] - kinds[1][31:]).max() > 0.1


def test_what_is_struck_sounds_and_costs_nothing_more(model: Any) -> None:
    music = consistent_music(1, STEPS)
    odds = odds_of(model, music)[0].astype(np.float64)
    nats = np.logaddexp(0, np.where(music[0] == 1, -odds, odds))
    assert nats[:, :PITCHES][music[0, :, PITCHES:] == 1].max() < 1e-6
    np.testing.assert_allclose(costs_of(model, music).nats, [nats.sum()], rtol=1e-5)


def test_music_in_another_key_costs_the_same_but_for_where_it_is() -> None:
    model = tiny_model(model="rnn_nade", window_steps=STEPS, scale=0.2)
    for weight in model.trainable_weights:
        if weight.path.split("/")[-1] in ("place_bias", "pitch_bias"):
            weight.assign(np.zeros(weight.shape))
    music = consistent_music(1, STEPS)
    music.reshape(STEPS, 2, PITCHES)[:, :, 40:] = 0
    moved = augment.move_up(tf.constant(music), tf.constant([5])).numpy()
    first, second = (odds_of(model, each)[0].reshape(STEPS, 2, PITCHES) for each in (music, moved))
    np.testing.assert_allclose(first[:, :, :-5], second[:, :, 5:], atol=1e-4)


def test_an_untrained_model_knows_what_follows_each_state() -> None:
    music = consistent_music(20, 6)
    model = tiny_model(model="rnn_nade", scale=0.0)
    model.adapt(split(music))
    counts = metre.count(split(music)).sum(axis=2) + 0.5
    nats = 0.0
    for window in music:
        before = np.zeros(PITCHES, int)
        for step, units in enumerate(window):
            now = np.maximum(units[:PITCHES], 2 * units[PITCHES:])
            chances = counts[before, step] / counts[before, step].sum(axis=-1, keepdims=True)
            nats -= np.log(chances[np.arange(PITCHES), now]).sum()
            before = now
    assert np.sum(costs_of(model, music).nats) == pytest.approx(nats, rel=1e-4)


def test_training_estimates_the_cost_and_lowers_it() -> None:
    music = consistent_music(16, 6)
    music[:, :, 20:PITCHES] = music[:, :, PITCHES + 20 :] = 0
    model = tiny_model(model="rnn_nade", learning_rate=0.01)
    exact = float(np.mean(costs_of(model, music).nats)) / music[0].size
    frozen = tiny_model(model="rnn_nade", learning_rate=1e-9)
    [(windows, label)] = list(split(music).batches(16))
    step = tf.function(frozen.train_step)
    estimates = []
    for _ in range(40):
        frozen.loss_tracker.reset_state()
        estimates.append(float(step((windows, label))["loss"]))
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert 0 < error < 0.1 * exact
    assert np.mean(estimates) == pytest.approx(exact, abs=4.5 * error)
    before = [weight.numpy() for weight in model.trainable_weights]
    data = split(music)
    fit = model.fit(data.batches(8), validation_data=data.batches(8), epochs=4, verbose=0)
    after = float(np.mean(costs_of(model, music).nats)) / music[0].size
    assert after < 0.9 * exact
    assert fit.history["val_loss"][-1] == pytest.approx(after, rel=1e-4)
    for weight, old in zip(model.trainable_weights, before, strict=True):
        assert np.abs(weight.numpy() - old).max() > 1e-3, weight.path


@pytest.mark.parametrize(("temperature", "given"), [(1.0, 0), (0.7, 9)])
def test_a_note_is_drawn_where_its_odds_are_higher_than_chance(
    model: Any, temperature: float, given: int
) -> None:
    primer = consistent_music(1, STEPS, seed=8)[0, :given]
    order = Order(
        tf.constant(STEPS),
        tf.constant(1),
        tf.constant(temperature),
        tf.constant(11, tf.int64),
        tf.constant(primer, tf.float32),
    )
    draw = tf.function(lambda: sampling.sample(model, order, tf.fill([156], 0.3)), autograph=False)
    music = draw().numpy()
    np.testing.assert_array_equal(music[:given], primer)
    assert 0.02 < music[given:].mean() < 0.98
    # The odds of the whole window, as training computes them, against the same chances.
    odds = odds_of(model, music[None])[0].reshape(STEPS, 2, PITCHES).astype(np.float64)
    told = music.reshape(STEPS, 2, PITCHES)
    for step in range(given, STEPS):
        chance = tf.random.stateless_uniform([PITCHES, 2], fold(seed_of(order), step))
        chance = np.asarray(chance, np.float64).T
        least = temperature * (np.log(chance) - np.log1p(-chance))
        is_struck = told[step, 1] == 1
        is_near = np.abs(odds[step] - least) < 1e-3
        is_on = odds[step] > least
        np.testing.assert_array_equal((is_on[1] == is_struck) | is_near[1], True)
        before = told[step - 1, 0] if step else np.zeros(PITCHES)
        # A note that begins without being struck is mended away.
        sounds = is_struck | (is_on[0] & (before == 1))
        np.testing.assert_array_equal((sounds == told[step, 0]) | is_near[0], True)


def test_other_precisions_cost_the_same(model: Any) -> None:
    music = consistent_music(1, STEPS)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mixed = tiny_model(model="rnn_nade", window_steps=STEPS, scale=0.2)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(costs_of(mixed, music).nats, costs_of(model, music).nats, rtol=1e-5)
