"""Spectra, mel bands and MFCC in the graph, against librosa."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pytest
import tensorflow as tf

from modules.common.sound import audio

# n_fft, hop, bands, coefficients
SPEECH = (512, 320, 40, 20)
LIBROSA = (2048, 512, 128, 20)
WIDE = (1024, 1024, 64, 13)
SIZES = [(512, 320), (2048, 512), (64, 64), (64, 1), (62, 17)]


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, shape).astype(np.float32)


@pytest.fixture(scope="module")
def clips(shared_data: Path) -> list[tuple[np.ndarray, int]]:
    """Every recording, whole, mono, at its own rate."""
    paths = sorted([*shared_data.glob("speech/**/*.wav"), *shared_data.glob("audio_style/*.ogg")])
    assert len(paths) >= 30
    return [librosa.load(path, sr=None) for path in paths]


@pytest.mark.parametrize(
    ("rate_hz", "sizes"),
    [(16_000, SPEECH), (16_000, WIDE), (22_050, LIBROSA), (None, LIBROSA)],
)
def test_every_recording_has_the_mfcc_and_mel_of_librosa(
    clips: list[tuple[np.ndarray, int]], rate_hz: int | None, sizes: tuple[int, int, int, int]
) -> None:
    """MFCC and mel levels to 1e-3 dB; mel power to 1e-6 of the recording's largest."""
    n_fft, hop, n_mels, n_mfcc = sizes
    mfcc = tf.function(audio.mfcc, reduce_retracing=True)
    mel = tf.function(audio.mel, reduce_retracing=True)
    for samples, own_rate_hz in clips:
        rate = rate_hz or own_rate_hz
        if rate != own_rate_hz:
            samples = librosa.resample(samples, orig_sr=own_rate_hz, target_sr=rate)
        expected = librosa.feature.melspectrogram(
            y=samples, sr=rate, n_fft=n_fft, hop_length=hop, n_mels=n_mels
        )
        levels_db = librosa.power_to_db(expected)
        coefficients = librosa.feature.mfcc(S=levels_db, n_mfcc=n_mfcc)
        found = mel(samples, rate, n_fft, hop, n_mels)
        assert found.dtype == tf.float32
        np.testing.assert_allclose(found, expected.T, rtol=0, atol=1e-6 * expected.max())
        np.testing.assert_allclose(audio.decibels(found), levels_db.T, rtol=0, atol=1e-3)
        np.testing.assert_allclose(
            mfcc(samples, rate, n_fft, hop, n_mels, n_mfcc), coefficients.T, rtol=0, atol=1e-3
        )


@pytest.mark.parametrize("n_mels", [1, 31, 32, 33, 40, 128, 200])
@pytest.mark.parametrize("n_fft", [16, 256, 2048])
def test_bands_are_those_of_librosa_even_where_they_lie_on_no_frequency(
    n_fft: int, n_mels: int
) -> None:
    samples = noise(4000)
    expected = librosa.feature.melspectrogram(
        y=samples, sr=8000, n_fft=n_fft, hop_length=16, n_mels=n_mels
    )
    found = audio.mel(samples, 8000, n_fft, 16, n_mels)
    np.testing.assert_allclose(found, expected.T, rtol=0, atol=1e-6 * expected.max())


@pytest.mark.parametrize(("n_fft", "hop"), SIZES)
@pytest.mark.parametrize("count", [1, 63, 64, 65, 3001])
def test_stft_is_that_of_librosa(n_fft: int, hop: int, count: int) -> None:
    samples = noise(2, 3, count)
    expected = librosa.stft(samples, n_fft=n_fft, hop_length=hop)
    found = audio.stft(tf.constant(samples), n_fft, hop)
    assert found.shape[-2] == audio.frame_count(count, hop)
    np.testing.assert_allclose(found, expected.swapaxes(-1, -2), rtol=0, atol=2e-5)


@pytest.mark.parametrize(("n_fft", "hop"), [(512, 128), (2048, 512), (64, 1), (62, 17), (512, 320)])
@pytest.mark.parametrize("count", [64, 3001])
def test_istft_gives_the_samples_back(n_fft: int, hop: int, count: int) -> None:
    samples = noise(2, count)
    spectrum = audio.stft(tf.constant(samples), n_fft, hop)
    found = audio.istft(spectrum, hop, count)
    # With frames that overlap by little the last samples lie under a window's end alone.
    kept = count - hop if 2 * hop > n_fft else count
    np.testing.assert_allclose(found[:, :kept], samples[:, :kept], rtol=0, atol=1e-5)


@pytest.mark.parametrize(("n_fft", "hop"), [(512, 128), (2048, 512), (62, 17), (512, 320)])
@pytest.mark.parametrize("length", [1, 2000, 3001, 9000])
def test_istft_of_any_spectrum_is_that_of_librosa(n_fft: int, hop: int, length: int) -> None:
    frames, bins = audio.frame_count(3001, hop), n_fft // 2 + 1
    spectrum = noise(3, frames, bins) + 1j * noise(3, frames, bins, seed=1)
    expected = librosa.istft(spectrum.swapaxes(-1, -2), hop_length=hop, n_fft=n_fft, length=length)
    found = audio.istft(tf.constant(spectrum), hop, length).numpy()
    # Where windows nearly vanish, at the end, float32 of both is amplified alike little.
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(scale, 1))


@pytest.mark.parametrize("count", [0, 1, SPEECH[1] - 1, SPEECH[1]])
def test_very_short_sounds_have_a_frame(count: int) -> None:
    frames = audio.mfcc(tf.constant(noise(3, count)), 16_000, *SPEECH)
    assert frames.shape == (3, 1 + count // SPEECH[1], 20)
    assert np.isfinite(frames).all()


def test_silence_is_the_lowest_level() -> None:
    np.testing.assert_array_equal(audio.decibels(tf.zeros([2, 3, 4])), np.full([2, 3, 4], -100))


def test_batch_mates_and_padding_do_not_matter() -> None:
    loud, quiet = noise(9_000), 1e-4 * noise(4_321, seed=1)
    together = np.zeros([3, 12_000], np.float32)
    together[0, : len(loud)] = loud
    together[1, : len(quiet)] = quiet
    found = audio.mfcc(tf.constant(together), 16_000, *SPEECH).numpy()
    for row, samples in enumerate((loud, quiet)):
        alone = audio.mfcc(tf.constant(samples), 16_000, *SPEECH).numpy()
        np.testing.assert_allclose(found[row, : len(alone)], alone, rtol=0, atol=1e-4)


def test_an_empty_batch_has_no_frames() -> None:
    assert audio.mfcc(tf.zeros([0, 700]), 16_000, *SPEECH).shape == (0, 3, 20)


def round_trip(samples: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    spectrum = audio.stft(samples, 512, 128)
    back = audio.istft(spectrum, 128, tf.shape(samples)[-1])
    return audio.mfcc(samples, 16_000, *SPEECH), back


@pytest.mark.parametrize("count", [0, 1, 500, 3000])
def test_exported_signatures_take_any_length(tmp_path: Path, count: int) -> None:
    module = tf.Module()
    module.serve = tf.function(
        lambda samples: dict(zip(("mfcc", "back"), round_trip(samples), strict=True)),
        input_signature=[tf.TensorSpec([None, None], tf.float32, name="samples")],
    )
    tf.saved_model.save(module, str(tmp_path), signatures=module.serve)
    serve = tf.saved_model.load(str(tmp_path)).signatures["serving_default"]
    samples = noise(2, count)
    found = serve(samples=tf.constant(samples))
    expected = round_trip(tf.constant(samples))
    np.testing.assert_allclose(found["mfcc"], expected[0], rtol=0, atol=1e-4)
    np.testing.assert_allclose(found["back"], samples, rtol=0, atol=1e-5)


def test_works_in_a_graph_of_sessions_under_map_fn() -> None:
    samples = noise(3, 2000)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        given = tf.compat.v1.placeholder(tf.float32, [None, None])
        coefficients, back = tf.map_fn(
            round_trip, given, fn_output_signature=(tf.float32, tf.float32)
        )
        found, returned = session.run([coefficients, back], {given: samples})
    np.testing.assert_allclose(
        found, audio.mfcc(tf.constant(samples), 16_000, *SPEECH), rtol=0, atol=1e-4
    )
    np.testing.assert_allclose(returned, samples, rtol=0, atol=1e-5)


def test_gradient_of_log_magnitudes_is_the_slope() -> None:
    """Central differences of librosa's double-precision spectrum."""
    samples, directions = noise(300), noise(5, 300, seed=2)
    weights = noise(audio.frame_count(300, 20), 33, seed=3)

    def objective(values: np.ndarray) -> float:
        magnitudes = np.abs(librosa.stft(values, n_fft=64, hop_length=20))
        return float((np.log1p(magnitudes).T * weights).sum())

    variable = tf.Variable(samples)
    with tf.GradientTape() as tape:
        magnitudes = tf.abs(audio.stft(variable, 64, 20))
        value = tf.reduce_sum(tf.math.log1p(magnitudes) * weights)
    gradient = tape.gradient(value, variable).numpy().astype(np.float64)
    for direction in directions.astype(np.float64):
        ahead, behind = (objective(samples + step * direction) for step in (1e-6, -1e-6))
        assert gradient @ direction == pytest.approx((ahead - behind) / 2e-6, rel=2e-3, abs=2e-3)


def test_gradient_of_the_inverse_is_its_transpose() -> None:
    spectrum = tf.Variable(noise(20, 33) + 1j * noise(20, 33, seed=1))
    weights = noise(400, seed=2)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(audio.istft(spectrum, 20, 400) * weights)
    gradient = tape.gradient(value, spectrum).numpy()
    change = noise(20, 33, seed=3) + 1j * noise(20, 33, seed=4)
    expected = librosa.istft(change.T, hop_length=20, n_fft=64, length=400) @ weights
    assert (gradient.conj() * change).real.sum() == pytest.approx(expected, rel=1e-3)


def test_gradients_of_silence_are_finite() -> None:
    samples = tf.Variable(tf.zeros([2, 2000]))
    with tf.GradientTape(persistent=True) as tape:
        coefficients = audio.mfcc(samples, 16_000, *SPEECH)
        magnitudes = tf.math.log1p(tf.abs(audio.stft(samples, 512, 128)))
    for value in (coefficients, magnitudes):
        assert np.isfinite(tape.gradient(value, samples)).all()


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((511, 320, 40, 20), "n_fft must be even"),
        ((0, 320, 40, 20), "n_fft must be even"),
        ((512, 0, 40, 20), "hop must be 1 to n_fft = 512, found 0"),
        ((512, 513, 40, 20), "hop must be"),
        ((512, 320, 40, 41), "n_mfcc must be 1 to n_mels = 40, found 41"),
        ((512, 320, 40, 0), "n_mfcc must be"),
    ],
)
def test_refuses_sizes_that_cannot_be(sizes: tuple[int, int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        audio.mfcc(tf.zeros([1000]), 16_000, *sizes)
