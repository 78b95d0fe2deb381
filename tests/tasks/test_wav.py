"""WAV decoding and resampling in the graph, against soundfile, SciPy and librosa."""

from __future__ import annotations

import io
import struct

import librosa
import numpy as np
import pytest
import scipy.signal
import soundfile
import tensorflow as tf

from modules.common import wav

RATE_HZ = 16_000


def encode(samples: np.ndarray, rate_hz: int, subtype: str, container: str = "WAV") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate_hz, format=container, subtype=subtype)
    return buffer.getvalue()


def noise(count: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    samples = np.random.default_rng(seed).uniform(-0.9, 0.9, [count, channels])
    return samples[:, 0] if channels == 1 else samples


@tf.function(input_signature=[tf.TensorSpec([], tf.string)])
def decode(contents: tf.Tensor) -> tf.Tensor:
    return wav.decode(contents, RATE_HZ)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_reads_what_soundfile_reads(subtype: str, channels: int, container: str) -> None:
    contents = encode(noise(777, channels), RATE_HZ, subtype, container)
    expected, _ = soundfile.read(io.BytesIO(contents), dtype="float64", always_2d=True)
    np.testing.assert_allclose(decode(contents), expected.mean(axis=1), atol=2e-7)


def test_reads_a_header_with_other_chunks_before_the_samples() -> None:
    contents = encode(noise(100), RATE_HZ, "PCM_16")
    extra = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    np.testing.assert_array_equal(decode(contents[:12] + extra + contents[12:]), decode(contents))


def test_reads_the_first_seconds_only() -> None:
    contents = encode(noise(RATE_HZ, 2), RATE_HZ, "PCM_24")
    part = wav.decode(tf.constant(contents), RATE_HZ, max_seconds=0.25)
    np.testing.assert_array_equal(part, decode(contents)[: RATE_HZ // 4])


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 44_101, 48_000, 96_000])
def test_resamples_as_a_polyphase_filter(rate_hz: int) -> None:
    count = rate_hz // 2 + 7
    low_hz = min(rate_hz, RATE_HZ) / 2 * 0.8
    samples = scipy.signal.lfilter(
        scipy.signal.firwin(255, low_hz, fs=rate_hz), 1, noise(count)
    ).astype(np.float32)
    resampled = wav.resample(tf.constant(samples), rate_hz, RATE_HZ).numpy()
    assert len(resampled) == -(-count * RATE_HZ // rate_hz)
    taps = scipy.signal.firwin(
        2 * 64 * max(rate_hz, RATE_HZ) // np.gcd(rate_hz, RATE_HZ) + 1,
        0.95 / (max(rate_hz, RATE_HZ) // np.gcd(rate_hz, RATE_HZ)),
        window=("kaiser", 10.0),
    )
    expected = scipy.signal.resample_poly(samples, RATE_HZ, rate_hz, window=taps)
    np.testing.assert_allclose(resampled[200:-200], expected[200:-200], atol=5e-4)


def test_resamples_a_real_rate_as_librosa(speech: np.ndarray) -> None:
    resampled = wav.resample(tf.constant(speech), 44_100, RATE_HZ).numpy()
    expected = librosa.resample(speech, orig_sr=44_100, target_sr=RATE_HZ)
    error = np.mean((resampled - expected) ** 2) / np.mean(expected**2)
    assert 10 * np.log10(error) < -40


def test_does_not_alias() -> None:
    tone = np.sin(2 * np.pi * 11_000 * np.arange(44_100) / 44_100).astype(np.float32)
    resampled = wav.resample(tf.constant(tone), 44_100, RATE_HZ).numpy()
    assert np.abs(resampled[500:-500]).max() < 1e-4


def test_leaves_the_wanted_rate_alone() -> None:
    samples = noise(50).astype(np.float32)
    np.testing.assert_array_equal(wav.resample(tf.constant(samples), RATE_HZ, RATE_HZ), samples)


def patched(position: int, layout: str, value: int) -> bytes:
    contents = bytearray(encode(noise(100), RATE_HZ, "PCM_16"))
    struct.pack_into(layout, contents, position, value)
    return bytes(contents)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "expected a WAV file"),
        (b"RIFF", "expected a WAV file"),
        (b"fLaC" + bytes(100), "expected a WAV file"),
        (b"RIFF" + bytes(4) + b"WAVE" + bytes(5000), "no fmt chunk"),
        (encode(noise(100), RATE_HZ, "PCM_16")[:30], "no fmt chunk"),
        (encode(noise(100), RATE_HZ, "PCM_16")[:-10], "cut off"),
        (encode(noise(0), RATE_HZ, "PCM_16"), "holds no samples"),
        (encode(noise(100), RATE_HZ, "ULAW"), "neither PCM"),
        (patched(40, "<I", 2**32 - 1), "cut off"),
        (patched(40, "<I", 199), "cut off within a sample"),
        (patched(22, "<H", 0), "declares no channel"),
        (patched(22, "<H", 7), "contradicts itself"),
        (patched(24, "<I", 0), "sample rate outside"),
        (patched(24, "<I", 2**31), "sample rate outside"),
        (patched(34, "<H", 0), "neither PCM"),
        (patched(16, "<I", 2**31), "no fmt chunk"),
    ],
)
def test_refuses_what_is_no_whole_wav(contents: bytes, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        decode(contents)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_never_do_worse_than_being_refused(seed: int) -> None:
    rng = np.random.default_rng(seed)
    contents = bytearray(encode(noise(300), RATE_HZ, "PCM_16"))
    for position in rng.integers(0, 44, 4):
        contents[position] = rng.integers(256)
    try:
        samples = decode(bytes(contents))
    except tf.errors.InvalidArgumentError as error:
        assert "WAV file" in str(error)  # noqa: PT017
    else:
        assert np.isfinite(samples).all()
