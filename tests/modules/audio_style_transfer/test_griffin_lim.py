"""Phases by Griffin-Lim in the graph, against librosa."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import tensorflow as tf

from modules.audio_style_transfer.griffin_lim import griffin_lim

N_FFT, HOP = 2048, 512


def magnitudes_of(samples: np.ndarray) -> np.ndarray:
    return np.abs(librosa.stft(samples, n_fft=N_FFT, hop_length=HOP)).T


def convergence(samples: np.ndarray, wanted: np.ndarray) -> float:
    """Distance of the sound's magnitudes from those wanted, relative to these."""
    return float(np.linalg.norm(magnitudes_of(samples) - wanted) / np.linalg.norm(wanted))


@pytest.fixture(scope="module")
def wanted(shared_data: Path) -> np.ndarray:
    """Magnitudes `[frames, 1025]` of two seconds of speech."""
    path = min(shared_data.glob("speech/aishell3/wav/*.wav"))
    samples, _ = librosa.load(path, sr=22_050, duration=2)
    return magnitudes_of(samples[: len(samples) // HOP * HOP])


@pytest.mark.parametrize("momentum", [0.0, 0.99])
@pytest.mark.parametrize("rounds", [1, 10, 40])
def test_comes_as_near_as_librosa_in_as_many_rounds(
    wanted: np.ndarray, momentum: float, rounds: int
) -> None:
    run = tf.function(griffin_lim)
    ours, theirs = [], []
    for seed in range(3):
        found = run(tf.constant(wanted), HOP, rounds, momentum, tf.constant(seed)).numpy()
        expected = librosa.griffinlim(
            wanted.T, n_iter=rounds, hop_length=HOP, momentum=momentum, random_state=seed
        )
        assert found.shape == expected.shape
        ours.append(convergence(found, wanted))
        theirs.append(convergence(expected, wanted))
    assert np.mean(ours) < 1.2 * np.mean(theirs)


def test_one_round_from_given_phases_is_the_textbook_step() -> None:
    """Without momentum: inverse, spectrum, its phases, inverse; by librosa in double precision."""
    wanted = np.random.default_rng(0).uniform(0, 1, [9, 33]).astype(np.float32)
    start = griffin_lim(tf.constant(wanted), 16, 0, seed=5).numpy()
    spectrum = librosa.stft(start.astype(np.float64), n_fft=64, hop_length=16)
    expected = librosa.istft(wanted.T * np.exp(1j * np.angle(spectrum)), hop_length=16)
    found = griffin_lim(tf.constant(wanted), 16, 1, momentum=0.0, seed=5)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_the_seed_decides_and_examples_keep_to_themselves(wanted: np.ndarray) -> None:
    part = tf.constant(wanted[:20])
    run = tf.function(griffin_lim)
    first, again, other = (run(part, HOP, 5, seed=seed).numpy() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1 * np.abs(first).max()
    batch = run(tf.stack([part, 0 * part, 100 * part]), HOP, 5).numpy()
    assert np.abs(batch[1]).max() == 0
    assert convergence(batch[0], wanted[:20]) < 0.5
    assert convergence(batch[2], 100 * wanted[:20]) < 0.5


def test_rounds_seed_and_length_may_be_served_inputs(wanted: np.ndarray, tmp_path: Path) -> None:
    module = tf.Module()
    module.serve = tf.function(
        lambda magnitudes, rounds, seed, length: griffin_lim(
            magnitudes, HOP, rounds, seed=seed, length=length
        ),
        input_signature=[
            tf.TensorSpec([None, N_FFT // 2 + 1], tf.float32),
            tf.TensorSpec([], tf.int64),
            tf.TensorSpec([], tf.int64),
            tf.TensorSpec([], tf.int32),
        ],
    )
    tf.saved_model.save(module, str(tmp_path), signatures=module.serve)
    served = tf.saved_model.load(str(tmp_path))
    for frames, length in ((1, 100), (20, 20 * HOP - 1)):
        part = tf.constant(wanted[:frames])
        found = served.serve(part, tf.constant(3, tf.int64), tf.constant(7, tf.int64), length)
        assert found.shape == [length]
        expected = griffin_lim(part, HOP, 3, seed=7, length=length)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


def test_no_gradient_flows_and_none_is_kept(wanted: np.ndarray) -> None:
    part = tf.Variable(wanted[:8])
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(griffin_lim(part, HOP, 2))
    assert tape.gradient(value, part) is None


@pytest.mark.parametrize("momentum", [-0.1, 1.0])
def test_refuses_a_momentum_that_diverges(momentum: float) -> None:
    with pytest.raises(ValueError, match="momentum must be from 0 to less than 1"):
        griffin_lim(tf.zeros([3, 33]), 16, 1, momentum)
