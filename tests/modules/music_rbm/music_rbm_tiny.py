"""Machines small enough to try every state of, and models whose weights all matter."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modules.common.midi import note_state
from modules.music_rbm.costs import Costs
from modules.music_rbm.model import MusicModel, build_model
from modules.music_rbm.rbm import Machine
from modules.music_rbm.task import TASK, Settings


def every_state(units: int) -> np.ndarray:
    """All states of so many units, float32 `[2 ** units, units]`."""
    return np.array(list(itertools.product((0, 1), repeat=units)), np.float32)


def tiny_machine(visible: int = 5, hidden: int = 3, scale: float = 1.0) -> Machine:
    rng = np.random.default_rng(2)
    return Machine(
        (scale * rng.normal(size=(visible, hidden))).astype(np.float32),
        (scale * rng.normal(size=visible)).astype(np.float32),
        (scale * rng.normal(size=hidden)).astype(np.float32),
    )


def boltzmann(machine: Machine, temperature: float = 1.0) -> np.ndarray:
    """The distribution over visible states, by adding up all hidden ones: `[2 ** visible]`."""
    kernel, visible_bias, hidden_bias = (np.asarray(w, np.float64) for w in machine)
    weights = np.array(
        [
            sum(
                np.exp((v @ visible_bias + h @ hidden_bias + v @ kernel @ h) / temperature)
                for h in every_state(kernel.shape[1])
            )
            for v in every_state(kernel.shape[0])
        ]
    )
    return weights / weights.sum()


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def free_energy_gradients(machine: Machine, visible: np.ndarray) -> list[np.ndarray]:
    """Of each row by kernel, visible biases and hidden biases: `[rows, ...]` each."""
    kernel, _, hidden_bias = (np.asarray(w, np.float64) for w in machine)
    hidden = sigmoid(visible @ kernel + hidden_bias)
    return [-visible[:, :, None] * hidden[:, None, :], -visible, -hidden]


def tiny_settings(**changes: Any) -> Settings:
    tiny = {
        "model": "rbm",
        "window_steps": 6,
        "hidden_units": 7,
        "rnn_units": 5,
        "batch_size": 8,
        "learning_rate": 0.001,
    }
    return TASK.resolve({**tiny, **changes})


def tiny_model(scale: float = 0.3, **changes: Any) -> MusicModel:
    """A model with random weights, biases too."""
    keras.utils.set_random_seed(1)
    model = build_model(tiny_settings(**changes), None)
    rng = np.random.default_rng(5)
    for weight in model.trainable_weights:
        weight.assign(scale * rng.normal(size=weight.shape))
    return model


def costs_of(model: MusicModel, music: np.ndarray, first_step: int = 0) -> Costs:
    return model.costs(music, np.full(len(music), first_step, np.int64))


class Examples:
    """Stands for a split."""

    def __init__(self, note_state: np.ndarray, first_step: np.ndarray | None = None) -> None:
        self.note_state = note_state
        zeros = np.zeros(len(note_state), np.int64)
        self.first_step = zeros if first_step is None else first_step

    def batches(self, batch_size: int, shuffle_seed: int | None = None) -> tf.data.Dataset:
        windows = {"note_state": self.note_state, "first_step": self.first_step}
        return tf.data.Dataset.from_tensor_slices((windows, self.note_state)).batch(batch_size)


def split(note_state: np.ndarray, first_step: np.ndarray | None = None) -> Any:
    return Examples(note_state, first_step)


def random_music(examples: int, steps: int = 6, seed: int = 3, share: float = 0.3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.random((examples, steps, 156)) < share).astype(np.uint8)


def consistent_music(examples: int, steps: int = 6, seed: int = 3) -> np.ndarray:
    """Music as the reader gives it: a note that is struck sounds, one that begins is struck."""
    music = random_music(examples, steps, seed)
    return np.stack([note_state.consistent(window) for window in music]).astype(np.uint8)
