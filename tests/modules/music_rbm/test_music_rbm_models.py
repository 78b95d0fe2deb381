"""music_rbm: both models against loops, training, the baselines, features and keys."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from music_rbm_tiny import costs_of, random_music, sigmoid, split, tiny_model, tiny_settings

from modules.music_rbm import augment, features, frequencies, held
from modules.music_rbm.machines import Machines
from modules.music_rbm.model import build_model


def softplus(values: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, values)


def costs_of_machine(
    visible: np.ndarray, kernel: np.ndarray, visible_bias: np.ndarray, hidden_bias: np.ndarray
) -> np.ndarray:
    """Pseudo-likelihood, reconstruction and free energy, unit by unit: `[3]`."""

    def free_energy(units: np.ndarray) -> float:
        return float(-units @ visible_bias - softplus(units @ kernel + hidden_bias).sum())

    surprises = []
    for unit in range(len(visible)):
        flipped = visible.copy()
        flipped[unit] = 1 - flipped[unit]
        surprises.append(softplus(free_energy(visible) - free_energy(flipped)))
    hidden = sigmoid(visible @ kernel + hidden_bias)
    on = sigmoid(kernel @ hidden + visible_bias)
    crossed = -np.log(np.where(visible == 1, on, 1 - on))
    return np.array([np.sum(surprises), crossed.sum(), free_energy(visible)])


def weights_of(model: Machines) -> dict[str, np.ndarray]:
    return {
        weight.path.split("/", 1)[-1]: np.asarray(weight, np.float64)
        for weight in model.trainable_weights
    }


def test_the_rbm_costs_what_flipping_each_unit_says() -> None:
    model, music = tiny_model(window_steps=3), random_music(2, 3)
    kernel, visible_bias, hidden_bias = (
        np.asarray(w, np.float64) for w in (model.kernel, model.visible_bias, model.hidden_bias)
    )
    found = np.stack(costs_of(model, music), axis=1)
    for window, costs in zip(music, found, strict=True):
        visible = window.reshape(-1).astype(np.float64)
        wanted = costs_of_machine(visible, kernel, visible_bias, hidden_bias)
        np.testing.assert_allclose(costs, wanted, rtol=1e-4)


def test_the_rnn_rbm_costs_what_a_loop_over_steps_says() -> None:
    model, music = tiny_model(model="rnn_rbm"), random_music(2)
    cell = model.rnn.cell
    to_units, to_itself, bias, to_visible, to_hidden = (
        np.asarray(weight, np.float64)
        for weight in (
            cell.kernel,
            cell.recurrent_kernel,
            cell.bias,
            model.to_visible.kernel,
            model.to_hidden.kernel,
        )
    )
    kernel = np.asarray(model.kernel, np.float64)
    found = np.stack(costs_of(model, music), axis=1)
    for window, costs in zip(music.astype(np.float64), found, strict=True):
        memory = np.tanh(bias)
        wanted = np.zeros(3)
        for step in window:
            visible_bias = np.asarray(model.visible_bias) + memory @ to_visible
            hidden_bias = np.asarray(model.hidden_bias) + memory @ to_hidden
            wanted += costs_of_machine(step, kernel, visible_bias, hidden_bias)
            memory = np.tanh(bias + step @ to_units + memory @ to_itself)
        np.testing.assert_allclose(costs, wanted, rtol=1e-4)


@pytest.mark.parametrize("name", ["rnn_nade", "rbm", "rnn_rbm"])
def test_windows_do_not_know_of_each_other(name: str) -> None:
    model, music = tiny_model(model=name), random_music(3)
    together = np.stack(costs_of(model, music))
    alone = np.concatenate([np.stack(costs_of(model, music[i : i + 1])) for i in range(3)], axis=1)
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_a_step_of_the_rnn_rbm_does_not_know_of_later_ones() -> None:
    model, music = tiny_model(model="rnn_rbm"), random_music(1)
    changed = music.copy()
    changed[:, 4:] = 1 - changed[:, 4:]
    first, second = (
        model({"note_state": windows, "first_step": np.zeros(1, np.int64)}).numpy()
        for windows in (music, changed)
    )
    np.testing.assert_array_equal(first[:, :4], second[:, :4])
    assert np.abs(first[:, 4:] - second[:, 4:]).max() > 0.1


@pytest.mark.parametrize(
    "changes",
    [{}, {"persistent": True, "persistent_chains": 5}, {"model": "rnn_rbm"}, {"cd_steps": 3}],
)
def test_training_changes_every_weight_and_lowers_the_cost(changes: dict[str, Any]) -> None:
    keras.utils.set_random_seed(1)
    model = build_model(tiny_settings(learning_rate=0.02, **changes), None)
    # Three coins say which notes are on, which a machine can learn.
    coins = random_music(40, 1, share=0.5)[:, :, :3]
    music = np.repeat(np.repeat(coins, 52, axis=2), 6, axis=1)
    data = split(music)
    model.adapt(data)
    before = {name: weight.copy() for name, weight in weights_of(model).items()}
    untrained = float(np.mean(costs_of(model, music).nats))
    fit = model.fit(data.batches(8), validation_data=data.batches(8), epochs=8, verbose=0)
    for name, weight in weights_of(model).items():
        assert np.abs(weight - before[name]).max() > 1e-3, name
    trained = float(np.mean(costs_of(model, music).nats))
    assert trained < 0.9 * untrained
    assert fit.history["val_loss"][-1] == pytest.approx(trained / music[0].size, rel=1e-4)
    assert fit.history["loss"][-1] < fit.history["loss"][0]


def test_training_is_the_same_twice_with_the_same_seed() -> None:
    def trained() -> np.ndarray:
        keras.utils.set_random_seed(1)
        model = build_model(tiny_settings(), None)
        model.fit(split(random_music(16)).batches(8), epochs=2, verbose=0)
        return model.kernel.numpy()

    np.testing.assert_array_equal(trained(), trained())


def test_weight_decay_is_of_weights_not_of_biases() -> None:
    model = build_model(tiny_settings(weight_decay=0.5), None)
    optimizer: Any = model.optimizer
    optimizer.build(model.trainable_variables)
    decayed = [w.path for w in model.trainable_variables if optimizer._use_weight_decay(w)]
    assert [path.split("/")[-1] for path in decayed] == ["kernel"]
    recurrent: Any = build_model(tiny_settings(weight_decay=0.5, model="rnn_rbm"), None)
    recurrent.optimizer.build(recurrent.trainable_variables)
    spared = [
        w.path
        for w in recurrent.trainable_variables
        if not recurrent.optimizer._use_weight_decay(w)
    ]
    assert spared and all(path.split("/")[-1].endswith("bias") for path in spared)


@pytest.mark.parametrize("name", ["rbm", "rnn_rbm"])
def test_a_model_that_only_saw_the_data_costs_what_the_frequencies_do(name: str) -> None:
    model, music = tiny_model(model=name), random_music(8)
    model.adapt(split(music))
    for weight in model.trainable_weights:
        if weight is not model.visible_bias:
            weight.assign(np.zeros(weight.shape))
    costs = costs_of(model, music)
    baseline = frequencies.cost(tf.constant(frequencies.fit(split(music))), music)
    np.testing.assert_allclose(costs.nats, baseline, rtol=1e-5)
    np.testing.assert_allclose(costs.reconstruction, baseline, rtol=1e-5)


def test_frequencies_are_those_of_the_notes() -> None:
    music = random_music(5)
    music[:, :, 7] = 0
    found = frequencies.fit(split(music))
    on = music.reshape(-1, 156).astype(np.float64)
    np.testing.assert_allclose(found, (on.sum(axis=0) + 0.5) / (len(on) + 1), rtol=1e-6)
    cost = frequencies.cost(tf.constant(found), music[:2])
    wanted = -np.log(np.where(music[:2] == 1, found, 1 - found.astype(np.float64)))
    np.testing.assert_allclose(cost, wanted.sum(axis=(1, 2)), rtol=1e-5)
    assert 0 < found[7] < 0.02


def test_held_notes_are_counted_by_what_their_pitch_did_before() -> None:
    music = random_music(4)
    table, frequency = held.fit(split(music)), frequencies.fit(split(music))
    counts = np.zeros((156, 4, 2))
    nats = np.zeros(4)
    for round_ in range(2):
        for number, window in enumerate(music):
            for unit in range(156):
                pitch = unit % 78
                for step in range(len(window)):
                    on = int(window[step, unit])
                    chance = frequency[unit]
                    if step:
                        before = window[step - 1]
                        state = int(before[pitch]) + 2 * int(before[78 + pitch])
                        counts[unit, state, on] += 1 - round_
                        chance = (counts[unit, state, 1] + 0.5) / (counts[unit, state].sum() + 1)
                    if round_:
                        nats[number] -= np.log(chance if on else 1 - chance)
    np.testing.assert_allclose(table, (counts[..., 1] + 0.5) / (counts.sum(axis=2) + 1), rtol=1e-5)
    found = held.cost(tf.constant(table), tf.constant(frequency), tf.constant(music))
    np.testing.assert_allclose(found, nats, rtol=1e-5)


@pytest.mark.parametrize("steps", [1, 6, 7])
def test_bits_are_unpacked_as_numpy_packs_them(steps: int) -> None:
    music = random_music(3, steps).astype(bool)
    packed = [np.packbits(window).tobytes() for window in music]
    found = features.unpack_bits(tf.constant(packed), steps)
    assert found.dtype == tf.uint8
    np.testing.assert_array_equal(found, music)


def test_music_in_another_key_is_the_same_music() -> None:
    music = random_music(4)
    found = augment.move_up(tf.constant(music), tf.constant([0, 3, -5, 77])).numpy()
    np.testing.assert_array_equal(found[0], music[0])
    for number, up in ((1, 3), (2, -5), (3, 77)):
        for kind in (0, 78):
            for pitch in range(78):
                source = pitch - up
                wanted = music[number, :, kind + source] if 0 <= source < 78 else 0
                np.testing.assert_array_equal(found[number, :, kind + pitch], wanted)


def test_training_hears_as_many_keys_as_it_is_told() -> None:
    keras.utils.set_random_seed(4)
    window = np.zeros((200, 2, 156), np.uint8)
    window[:, :, 40] = 1
    given = {"note_state": tf.constant(window)}
    heard, label = augment.transpose(
        given, given["note_state"], tiny_settings(transpose_semitones=2)
    )
    pitches = np.argmax(heard["note_state"][:, 0], axis=1)
    assert set(pitches.tolist()) == {38, 39, 40, 41, 42}
    np.testing.assert_array_equal(heard["note_state"], label)
