"""WAV decoding and resampling in the graph, against soundfile, SciPy and librosa."""

from __future__ import annotations

import io
import struct
import wave

import librosa
import numpy as np
import pytest
import scipy.signal
import soundfile
import soxr
import tensorflow as tf

from modules.common.sound import wav

RATE_HZ = 16_000


def encode(samples: np.ndarray, rate_hz: int, subtype: str, container: str = "WAV") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate_hz, format=container, subtype=subtype)
    return buffer.getvalue()


def noise(count: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    samples = np.random.default_rng(seed).uniform(-0.9, 0.9, [count, channels])
    return samples[:, 0] if channels == 1 else samples


def patched(position: int, layout: str, value: int) -> bytes:
    """A file of 100 samples, 244 bytes, with a number of its header overwritten."""
    contents = bytearray(encode(noise(100), RATE_HZ, "PCM_16"))
    struct.pack_into(layout, contents, position, value)
    return bytes(contents)


@tf.function(input_signature=[tf.TensorSpec([], tf.string)])
def decode(contents: tf.Tensor) -> tf.Tensor:
    return wav.decode(contents, RATE_HZ)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2, 8])
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_reads_what_soundfile_reads(subtype: str, channels: int, container: str) -> None:
    contents = encode(noise(777, channels), RATE_HZ, subtype, container)
    expected, _ = soundfile.read(io.BytesIO(contents), dtype="float64", always_2d=True)
    np.testing.assert_allclose(decode(contents), expected.mean(axis=1), atol=2e-7)


def test_reads_a_header_with_other_chunks_before_the_samples() -> None:
    contents = encode(noise(100), RATE_HZ, "PCM_16")
    extra = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    np.testing.assert_array_equal(decode(contents[:12] + extra + contents[12:]), decode(contents))


@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "DOUBLE"])
def test_ignores_what_follows_the_samples(subtype: str, container: str) -> None:
    contents = encode(noise(101), RATE_HZ, subtype, container)
    for junk in (b"\0", b"\xff" * 33, b"LIST" + struct.pack("<I", 4) + b"abcd"):
        np.testing.assert_array_equal(decode(contents + junk), decode(contents))


@pytest.mark.parametrize("size", [0, 1, 36, 2**31, 2**32 - 1])
def test_believes_no_size_of_the_riff_header(size: int) -> None:
    np.testing.assert_array_equal(decode(patched(4, "<I", size)), decode(patched(4, "<I", 236)))


def piped(subtype: str, riff_bytes: int, data_bytes: int) -> bytes:
    """A file of three channels from a program that could not go back to its header."""
    contents = bytearray(encode(noise(100, 3), RATE_HZ, subtype))
    struct.pack_into("<I", contents, 4, riff_bytes)
    struct.pack_into("<I", contents, contents.index(b"data") + 4, data_bytes)
    return bytes(contents)


# What ffmpeg, sox and arecord write to a pipe, and what is left where a recorder is switched off.
@pytest.mark.parametrize(
    ("riff_bytes", "data_bytes"),
    [
        (2**32 - 1, 2**32 - 1),
        (0x7FFFF024, 0x7FFFF000),
        (2**31 + 36, 2**31),
        (0, 0),
        (36, 0),
        (2**32 - 1, 0),
    ],
)
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_reads_a_piped_file_to_its_end(subtype: str, riff_bytes: int, data_bytes: int) -> None:
    contents = piped(subtype, riff_bytes, data_bytes)
    # libsndfile reads to the end where the size is too large, but takes one of 0 at its word.
    known = piped(subtype, riff_bytes, data_bytes or 2**32 - 1)
    expected, _ = soundfile.read(io.BytesIO(known), dtype="float64")
    assert len(expected) == 100
    np.testing.assert_allclose(decode(contents), expected.mean(axis=1), atol=2e-7)
    # A pipe may break within a frame, of which players play nothing.
    np.testing.assert_array_equal(decode(contents[:-5]), decode(contents)[:-1])


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


def passband_error_db(found: np.ndarray, expected: np.ndarray, edge: float) -> float:
    """Energy of the difference below a part of Nyquist, relative to the expected's."""
    spectra = [np.fft.rfft(values) for values in (found - expected, expected)]
    inside = int(edge * len(spectra[0]))
    error, whole = (np.sum(np.abs(spectrum[:inside]) ** 2) for spectrum in spectra)
    return float(10 * np.log10(error / whole))


@pytest.mark.parametrize(
    ("from_hz", "to_hz"),
    [(44_100, 16_000), (44_100, 22_050), (44_100, 48_000), (16_000, 22_050), (16_000, 44_100)],
)
def test_the_passband_of_speech_is_that_of_soxr(
    speech: np.ndarray, from_hz: int, to_hz: int
) -> None:
    if from_hz != 44_100:
        speech = soxr.resample(speech, 44_100, from_hz, quality="VHQ")
    # Faded, as the two take what lies beyond the ends differently.
    fade = np.minimum(1, np.arange(len(speech)) / 2000)
    speech = (speech * fade * fade[::-1]).astype(np.float32)
    found = wav.resample(tf.constant(speech), from_hz, to_hz).numpy()
    expected = soxr.resample(speech, from_hz, to_hz, quality="VHQ")
    assert abs(len(found) - len(expected)) <= 1
    count = min(len(found), len(expected))
    edge = 0.9 * min(1, from_hz / to_hz)
    assert passband_error_db(found[:count], expected[:count], edge) < -60


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("count", [1, 2, 1001])
def test_resamples_any_rate_to_the_same_duration(rate_hz: int, count: int) -> None:
    found = decode(encode(np.full(count, 0.5), rate_hz, "FLOAT"))
    assert len(found) == -(-count * RATE_HZ // rate_hz)
    assert np.isfinite(found).all()
    # Away from the steps at both ends.
    inside = slice(len(found) // 3, 2 * len(found) // 3) if count > 1000 else slice(0)
    np.testing.assert_allclose(found[inside], 0.5, atol=0.02)


def test_does_not_alias() -> None:
    tone = np.sin(2 * np.pi * 11_000 * np.arange(44_100) / 44_100).astype(np.float32)
    resampled = wav.resample(tf.constant(tone), 44_100, RATE_HZ).numpy()
    assert np.abs(resampled[500:-500]).max() < 1e-4


def test_leaves_the_wanted_rate_alone() -> None:
    samples = noise(50).astype(np.float32)
    np.testing.assert_array_equal(wav.resample(tf.constant(samples), RATE_HZ, RATE_HZ), samples)


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
        (patched(40, "<I", 0), "holds no samples"),
        (encode(noise(100), RATE_HZ, "ULAW"), "neither PCM"),
        (encode(noise(100), RATE_HZ, "ALAW"), "neither PCM"),
        (encode(noise(1000), RATE_HZ, "IMA_ADPCM"), "neither PCM"),
        (encode(noise(100), RATE_HZ, "PCM_16", "RF64"), "expected a WAV file"),
        (encode(np.array([0, np.nan]), RATE_HZ, "FLOAT"), "not finite"),
        (encode(np.array([-np.inf, 0]), RATE_HZ, "DOUBLE"), "not finite"),
        (encode(np.array([0, 1e300]), RATE_HZ, "DOUBLE"), "not finite"),
        (patched(40, "<I", 201), "cut off"),
        (patched(40, "<I", 2**30), "cut off"),
        (patched(40, "<I", 199), "cut off within a sample"),
        (patched(22, "<H", 0), "declares no channel"),
        (patched(22, "<H", 7), "contradicts itself"),
        (patched(32, "<H", 0), "contradicts itself"),
        (patched(32, "<H", 3), "contradicts itself"),
        (patched(24, "<I", 0), "sample rate outside"),
        (patched(24, "<I", 2**31), "sample rate outside"),
        (patched(34, "<H", 0), "neither PCM"),
        (patched(16, "<I", 2**31), "no fmt chunk"),
    ],
)
def test_refuses_what_is_no_whole_wav(contents: bytes, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        decode(contents)


@pytest.mark.parametrize("count", [0, 1, 5001])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
def test_writes_files_that_others_read(count: int, rate_hz: int) -> None:
    samples = noise(count).astype(np.float32)
    contents = wav.encode(tf.constant(samples), rate_hz).numpy()
    found, found_hz = soundfile.read(io.BytesIO(contents), dtype="float32")
    assert found_hz == rate_hz
    np.testing.assert_allclose(found, samples, rtol=0, atol=0.5001 / 2**15)
    with wave.open(io.BytesIO(contents)) as file:
        described = file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()
        assert described == (1, 2, rate_hz, count)
    if count:
        np.testing.assert_array_equal(wav.read(tf.constant(contents)).samples, found)


def test_writes_what_is_too_loud_at_full_scale() -> None:
    samples = tf.constant([-2.0, -1.0, 1.0, 2.0, -np.inf, np.inf])
    found = wav.read(wav.encode(samples, RATE_HZ)).samples
    np.testing.assert_allclose(found, [-1, -1, 1, 1, -1, 1], rtol=0, atol=1 / 2**15)


def test_writes_many_in_a_graph() -> None:
    batch = noise(3, 100).T.astype(np.float32)

    @tf.function
    def write(samples: tf.Tensor, rate_hz: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(
            lambda each: wav.encode(each, rate_hz), samples, fn_output_signature=tf.string
        )

    found = write(tf.constant(batch.T), tf.constant(44_100, tf.int64))
    for contents, samples in zip(found.numpy(), batch.T, strict=True):
        read, rate_hz = soundfile.read(io.BytesIO(contents))
        assert rate_hz == 44_100
        np.testing.assert_allclose(read, samples, rtol=0, atol=0.5001 / 2**15)


def test_writes_no_sample_that_is_not_a_number() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="not numbers"):
        wav.encode(tf.constant([0.0, np.nan]), RATE_HZ)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_never_do_worse_than_being_refused(seed: int) -> None:
    rng = np.random.default_rng(seed)
    contents = bytearray(encode(noise(300), RATE_HZ, "PCM_16"))
    for position in rng.integers(0, 44, 4):
        contents[position] = rng.integers(256)
    try:
        samples = decode(bytes(contents))
    except tf.errors.InvalidArgumentError as error:
        assert "WAV file" in str(error)
    else:
        assert np.isfinite(samples).all()
