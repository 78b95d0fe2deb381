"""audio_style_transfer: network, losses and gradient, optimizer, pieces, and what an answer is."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import tensorflow as tf
from audio_style_tiny import (
    BINS,
    FILTERS,
    RATE_HZ,
    SMOKE,
    frames,
    melody,
    network,
    sizes,
)

from modules.audio_style_transfer import network as networks
from modules.audio_style_transfer import optimize, transfer
from modules.audio_style_transfer.features import samples_of
from modules.audio_style_transfer.model import build_model
from modules.audio_style_transfer.network import WIDTH_FRAMES, Network
from modules.audio_style_transfer.noise import noise_like
from modules.common.declaring.settings import change
from modules.common.runtime.errors import WrongUsage
from modules.common.sound import audio

# Bound of the log magnitudes of each bin: above all of `frames(30, 3)` and `frames(30, 4) * 1.5`.
_LOUDEST = np.full(BINS, 30.0, np.float32)


def slow_features(net: Network, values: np.ndarray) -> np.ndarray:
    """The convolution by its definition."""
    kernel = net.kernel.numpy().reshape(WIDTH_FRAMES, BINS, -1).astype(np.float64)
    found = np.zeros((len(values) - WIDTH_FRAMES + 1, kernel.shape[-1]))
    for begin in range(len(found)):
        for place in range(WIDTH_FRAMES):
            found[begin] += values[begin + place] @ kernel[place]
    return np.maximum(found, 0)


def slow_losses(
    net: Network, values: np.ndarray, target: np.ndarray, content: np.ndarray
) -> tuple[float, float]:
    """Style and content loss by their definitions."""
    found, wanted = slow_features(net, values), slow_features(net, content)
    gram = np.mean([np.outer(row, row) for row in found], axis=0)
    share = net.content_frames / len(found)
    return np.square(gram - target).sum(), share * np.square(found - wanted).sum()


def slow_gram(net: Network, values: np.ndarray) -> np.ndarray:
    found = slow_features(net, values)
    return np.mean([np.outer(row, row) for row in found], axis=0)


def test_features_and_gram_are_what_their_definitions_say() -> None:
    net, values = network(), frames(40, 2)
    np.testing.assert_allclose(
        networks.features(net, tf.constant(values)), slow_features(net, values), atol=1e-4
    )
    for piece in (WIDTH_FRAMES, 17, 40, 100):
        found = networks.gram(net, tf.constant(values), piece)
        np.testing.assert_allclose(found, slow_gram(net, values), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("piece", [WIDTH_FRAMES, 17, 40, 100])
def test_losses_of_a_sound_in_pieces_are_those_of_the_whole(piece: int) -> None:
    net, values, content = network(), frames(40, 2), frames(40, 3)
    target = slow_gram(net, frames(30, 4))
    found = networks.losses(
        net, tf.constant(values), tf.cast(target, tf.float32), tf.constant(content), piece
    )
    np.testing.assert_allclose(found, slow_losses(net, values, target, content), rtol=1e-4)


def test_the_loss_is_style_plus_weighted_content_and_its_gradient_is_right() -> None:
    net, content = network(), frames(25, 3)
    values, target, weight = frames(25, 2), slow_gram(net, frames(30, 4)), 0.3

    def slow(flat: np.ndarray) -> float:
        style, change = slow_losses(net, flat.reshape(25, BINS), target, content)
        return style + weight * change

    value, gradient = networks.value_and_gradient(
        net,
        tf.constant(values),
        tf.cast(target, tf.float32),
        networks.features(net, tf.constant(content)),
        tf.constant(weight),
    )
    assert float(value) == pytest.approx(slow(values.ravel()), rel=1e-4)
    numeric = scipy.optimize.approx_fprime(values.ravel().astype(np.float64), slow, 1e-6)
    np.testing.assert_allclose(
        gradient.numpy().ravel(), numeric, rtol=5e-3, atol=2e-4 * np.abs(numeric).max()
    )


def test_coarse_arithmetic_gives_about_the_same_loss_and_gradient() -> None:
    kernel = networks.draw_kernel(BINS, FILTERS, 5, tf.float32)
    fine = Network(kernel, 256, 430.0)
    coarse = fine._replace(kernel=networks.draw_kernel(BINS, FILTERS, 5, tf.bfloat16))
    np.testing.assert_array_equal(tf.cast(coarse.kernel, tf.float32), kernel)
    values, content = tf.constant(frames(60, 2)), tf.constant(frames(60, 3))
    target = networks.gram(fine, tf.constant(frames(60, 4)), 60)
    (first, slope), (second, coarse_slope) = (
        networks.value_and_gradient(
            net, values, target, networks.features(net, content), tf.constant(0.01)
        )
        for net in (fine, coarse)
    )
    assert float(second) == pytest.approx(float(first), rel=0.02)
    apart = float(tf.norm(coarse_slope - slope) / tf.norm(slope))
    assert 0 < apart < 0.03


def test_filters_follow_the_seed_and_have_the_deviation_of_the_source() -> None:
    first, again, other = (
        networks.draw_kernel(33, 64, seed, tf.float32).numpy() for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.03
    wanted = np.sqrt(2) * np.sqrt(2 / ((33 + 64) * WIDTH_FRAMES))
    assert first.std() == pytest.approx(wanted, rel=0.02)


def tiny_problem() -> tuple[Network, np.ndarray, np.ndarray, np.ndarray]:
    net, content = network(), frames(30, 3)
    target = slow_gram(net, frames(30, 4) * 1.5)
    return net, content, target, slow_features(net, content)


def test_the_optimizer_comes_as_low_as_scipys() -> None:
    net, content, target, wanted = tiny_problem()

    def slow(flat: np.ndarray) -> tuple[float, np.ndarray]:
        angles = tf.constant(flat.reshape(content.shape), tf.float32)
        value, gradient = networks.value_and_gradient(
            net,
            _LOUDEST * tf.square(tf.sin(angles)),
            tf.cast(target, tf.float32),
            tf.cast(wanted, tf.float32),
            tf.constant(0.01),
        )
        return float(value), np.float64((_LOUDEST * tf.sin(2 * angles) * gradient).numpy().ravel())

    start = np.arcsin(np.sqrt(np.clip(content / _LOUDEST, 1e-3, 0.999)))
    start = start.ravel().astype(np.float64)
    _, least, _ = scipy.optimize.fmin_l_bfgs_b(slow, start, maxiter=60)
    found = optimize.restyle_frames(
        net,
        tf.constant(content),
        tf.constant(content),
        tf.cast(target, tf.float32),
        tf.constant(_LOUDEST),
        tf.constant(0.01),
        tf.constant(60),
    ).numpy()
    assert found.min() >= 0 and (found <= _LOUDEST).all()
    style, change = slow_losses(net, found, target, content)
    before = slow_losses(net, content, target, content)[0]
    assert style + 0.01 * change < 1.1 * least < 0.2 * before


def test_more_weight_keeps_more_of_the_content() -> None:
    net, content, target, _ = tiny_problem()
    kept = []
    for weight in (0.0, 0.1, 10.0):
        found = optimize.restyle_frames(
            net,
            tf.constant(content),
            tf.constant(content),
            tf.cast(target, tf.float32),
            tf.constant(_LOUDEST),
            tf.constant(weight),
            tf.constant(40),
        )
        kept.append(slow_losses(net, found.numpy(), target, content)[1])
    assert kept[0] > kept[1] > kept[2]


def test_where_nothing_can_be_gained_the_content_stays() -> None:
    net, content = network(), np.maximum(frames(30, 3), 0.05)
    target = tf.cast(networks.gram(net, tf.constant(content), 30), tf.float32)
    found = optimize.restyle_frames(
        net,
        tf.constant(content),
        tf.constant(content),
        target,
        tf.constant(_LOUDEST),
        tf.constant(1.0),
        tf.constant(5),
    )
    np.testing.assert_allclose(found, content, atol=1e-3)


def test_noise_has_the_spectrum_of_the_style_but_no_rhythm() -> None:
    style = melody(2.0, (400, 1600))
    noise = noise_like(tf.constant(style), 512, 128)
    levels = [
        np.square(np.abs(audio.stft(tf.constant(sound), 512, 128))).mean(axis=0)
        for sound in (style, noise)
    ]
    assert np.corrcoef(levels)[0, 1] > 0.95
    assert levels[1].sum() == pytest.approx(levels[0].sum(), rel=0.3)
    by_time = np.abs(noise.numpy()[:22000]).reshape(20, -1).mean(axis=1)
    assert by_time.std() / by_time.mean() < 0.2
    np.testing.assert_array_equal(noise, noise_like(tf.constant(style), 512, 128))


def test_samples_are_read_off_pcm() -> None:
    values = np.array([0, 16384, -32768, 32767], "<i2")
    found = samples_of(tf.constant(values.tobytes() + b"\x01"))
    np.testing.assert_allclose(found, values / 32768.0)
    assert samples_of(tf.constant(b"")).shape == [0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n_fft": 1022}, "n_fft takes a multiple of 4, found 1022"),
        ({"n_fft": 60}, "n_fft takes a whole number, 64 or more, found 60"),
        ({"filters": 0}, "filters takes a whole number, 1 or more, found 0"),
        ({"phase_rounds": -1}, "phase_rounds takes a whole number, 0 or more"),
        ({"passes": 0}, "passes takes a whole number, 1 or more"),
        (
            {"piece_seconds": 0.1, "overlap_seconds": 0.0},
            "piece_seconds takes as long as a filter spans",
        ),
        ({"eval_seconds": 0.1}, "eval_seconds takes as long as a filter spans"),
        ({"overlap_seconds": 2.0}, "overlap_seconds takes less than piece_seconds, 2.0"),
        ({"overlap_seconds": 1.999}, "overlap_seconds takes a frame less than piece_seconds"),
    ],
    ids=str,
)
def test_sizes_that_cannot_be_are_refused(settings: dict[str, float], said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        build_model(change(SMOKE, **settings), None)


def test_the_model_gives_features_and_has_nothing_to_train() -> None:
    model = build_model(SMOKE, None)
    assert not model.weights
    excerpt = np.stack([melody(1.5, (330.0,)), melody(1.5, (200.0, 700.0))])
    found = model({"excerpt": excerpt})
    layer = model.get_layer("filters")
    alone = networks.features(
        layer.network(), transfer.frames_of(tf.constant(excerpt[1]), sizes(SMOKE))
    )
    np.testing.assert_allclose(found[1], alone, rtol=1e-4, atol=1e-5)
    assert model.output_shape == (None, *alone.shape)
    assert RATE_HZ == SMOKE.sample_rate_hz
