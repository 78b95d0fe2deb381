"""Sound files: every kind and format, cuts and damage, resampling, PCM, requests."""

from __future__ import annotations

import io
from pathlib import Path

import librosa
import numpy as np
import pytest
import scipy.signal
import soundfile

from modules.common.asking.request_files import read_recording
from modules.common.runtime.errors import DataError
from modules.common.sound import sound_files
from modules.common.sound.sound_files import pcm16, read_sound, resample, wav_bytes

LOSSLESS = [
    ("WAV", "PCM_U8", 8, 1), ("WAV", "PCM_16", 16, 1), ("WAV", "PCM_24", 24, 2),
    ("WAV", "PCM_32", 32, 1), ("WAV", "FLOAT", 24, 1), ("WAV", "DOUBLE", 24, 1),
    ("WAV", "PCM_16", 16, 8), ("WAVEX", "PCM_24", 24, 8), ("FLAC", "PCM_16", 16, 8),
    ("FLAC", "PCM_24", 24, 1),
]  # fmt: skip
LOSSY = [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]
KINDS = [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_16"), *LOSSY]


def sound(count: int, channels: int = 1) -> np.ndarray:
    """Tones and noise, one pitch for each channel; float64 `[count, channels]`."""
    time = np.arange(count)[:, np.newaxis] / 48_000
    pitches = 300.0 + 100.0 * np.arange(channels)
    noise = np.random.default_rng(count).standard_normal((count, channels))
    return 0.4 * np.sin(2 * np.pi * pitches * time) + 0.01 * noise


def encoded(samples: np.ndarray, kind: str, subtype: str, rate_hz: int = 48_000) -> bytes:
    """A sound file's bytes."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=kind, subtype=subtype)
    return file.getvalue()


def signal_to_noise_db(wanted: np.ndarray, found: np.ndarray) -> float:
    """How far what differs lies below what is wanted."""
    error = float(np.mean((wanted - found) ** 2))
    return 10 * float(np.log10(np.mean(wanted**2) / error))


def below_7_khz(*signals: np.ndarray) -> list[np.ndarray]:
    """What passes a low-pass filter, of 16 kHz signals, their beginnings and ends left out."""
    count = min(map(len, signals))
    taps = scipy.signal.firwin(401, 6_500, fs=16_000)
    return [np.convolve(signal[:count], taps, "same")[800:-800] for signal in signals]


@pytest.mark.parametrize(("kind", "subtype", "bits", "channels"), LOSSLESS)
@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_lossless_sound_comes_back_as_the_mean_of_its_channels(
    kind: str, subtype: str, bits: int, channels: int, rate_hz: int
) -> None:
    samples = sound(3_001, channels)
    found, found_hz = read_sound(encoded(samples, kind, subtype, rate_hz))
    assert found_hz == rate_hz and found.dtype == np.float32 and found.shape == (3_001,)
    np.testing.assert_allclose(found, samples.mean(axis=1), atol=1.01 * 2.0 ** (1 - bits))


@pytest.mark.parametrize(("kind", "subtype"), LOSSY)
def test_lossy_sound_comes_back_nearly(kind: str, subtype: str) -> None:
    samples = sound(30_000, 2)
    found, rate_hz = read_sound(encoded(samples, kind, subtype))
    assert rate_hz == 48_000 and len(found) == 30_000
    inner = slice(2_000, -2_000)
    assert signal_to_noise_db(samples.mean(axis=1)[inner], found[inner]) > 15


def test_blocks_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = encoded(sound(10_000, 2), "FLAC", "PCM_16")
    whole, _ = read_sound(contents)
    monkeypatch.setattr(sound_files, "_BLOCK_FRAMES", 777)
    found, _ = read_sound(contents)
    np.testing.assert_array_equal(found, whole)


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
@pytest.mark.parametrize("left", [0.3, 0.8, 0.99])
def test_a_file_that_is_cut_off_is_refused(kind: str, subtype: str, left: float) -> None:
    contents = encoded(sound(60_000), kind, subtype)
    read_sound(contents)
    with pytest.raises(ValueError, match="cut off"):
        read_sound(contents[: int(left * len(contents))])


@pytest.mark.parametrize(("kind", "subtype"), [("FLAC", "PCM_16"), *LOSSY])
def test_a_damaged_file_is_refused(kind: str, subtype: str) -> None:
    contents = bytearray(encoded(sound(60_000), kind, subtype))
    middle = len(contents) // 2
    contents[middle : middle + 400] = bytes(400)
    said = "damaged: the checksum of its page" if kind == "OGG" else "declares 60,000 samples"
    with pytest.raises(ValueError, match=said):
        read_sound(bytes(contents))


@pytest.mark.parametrize("size", [0x7FFF_F000, 2**31, 2**32 - 1])
def test_a_file_from_a_pipe_is_read_to_its_end(size: int) -> None:
    contents = bytearray(encoded(sound(1_000), "WAV", "PCM_16"))
    wanted, _ = read_sound(bytes(contents))
    start = contents.index(b"data") + 4
    contents[start : start + 4] = size.to_bytes(4, "little")
    np.testing.assert_array_equal(read_sound(bytes(contents))[0], wanted)


def test_an_ogg_file_without_its_last_pages_is_refused() -> None:
    contents = encoded(sound(300_000), "OGG", "VORBIS")
    start = contents.rindex(b"OggS")
    with pytest.raises(ValueError, match=r"cut off after its page \d+, which is not the last"):
        read_sound(contents[:start])
    with pytest.raises(ValueError, match=r"damaged after its page \d+, which is not the last"):
        read_sound(contents[:start] + b"x" + contents[start:])
    with pytest.raises(ValueError, match=r"cut off within its page \d+"):
        read_sound(contents[: start + 20])
    assert len(read_sound(contents + b"TAG" + bytes(125))[0]) == 300_000


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("tag", [b"", b"ID3\x04\x00\x00\x00\x01\x01\x02" + bytes(16_514)])
def test_an_mp3_file_that_does_not_declare_its_length(rate_hz: int, tag: bytes) -> None:
    """Of a constant bit rate it is read; of a varying one a part would be lost."""
    samples = np.concatenate([sound(60_000), np.zeros((60_000, 1))])
    for mode, level in (("CONSTANT", 0.5), ("VARIABLE", 0.1)):
        file = io.BytesIO()
        soundfile.write(
            file, samples, rate_hz, format="MP3", bitrate_mode=mode, compression_level=level
        )
        contents = file.getvalue()
        assert len(read_sound(tag + contents)[0]) == 120_000
        untold = tag + contents[contents.index(contents[:2], 4) :]
        if mode == "CONSTANT":
            # The coder's delay and padding, which its header says too, are heard.
            assert 120_000 <= len(read_sound(untold)[0]) <= 120_000 + 3 * 1152
            assert 120_000 <= len(read_sound(untold + b"TAG" + bytes(125))[0])
            cut = untold[: len(untold) // 2 + 7]
            for damaged in (cut, cut + b"x" * 2_000 + untold[len(cut) + 2_000 :]):
                with pytest.raises(ValueError, match="is cut off or damaged after"):
                    read_sound(damaged)
        else:
            with pytest.raises(ValueError, match="does not declare its length and its bit rate"):
                read_sound(untold)


def test_a_header_that_lies_is_refused() -> None:
    contents = bytearray(encoded(sound(1_000), "WAV", "PCM_16"))
    start = contents.index(b"data") + 4
    contents[start : start + 4] = (4_000).to_bytes(4, "little")
    with pytest.raises(ValueError, match="declares 4,000 bytes of samples, 2,000 follow"):
        read_sound(bytes(contents))
    with pytest.raises(ValueError, match="cut off"):
        read_sound(bytes(contents[: start - 4]))


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"", "the file is empty"),
        (b"no sound at all, but a text" * 50, "found what does not decode"),
        (bytes(3_000), "found what does not decode"),
        (encoded(sound(0), "WAV", "PCM_16"), "holds no samples"),
        (encoded(np.array([0.1, np.nan, 0.2]), "WAV", "FLOAT"), "that are not numbers"),
    ],
)
def test_what_is_no_recording_is_refused(contents: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_sound(contents)


def test_too_long_a_recording_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = encoded(sound(48_000), "OGG", "VORBIS")
    assert len(read_sound(contents, max_seconds=1.0)[0]) == 48_000
    monkeypatch.setattr(sound_files, "_decode", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(ValueError, match=r"lasts 1\.0 s, more than the 0\.9 s that are read"):
        read_sound(contents, max_seconds=0.9)


@pytest.mark.parametrize("from_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_resampling_keeps_tones_and_drops_what_would_fold(from_hz: int) -> None:
    time = np.arange(from_hz) / from_hz
    kept = np.sin(2 * np.pi * 1_000 * time) * np.hanning(from_hz)
    found = resample(kept.astype(np.float32), from_hz, 16_000)
    assert found.dtype == np.float32 and abs(len(found) - 16_000) <= 1
    wanted_time = np.arange(len(found)) / 16_000
    wanted = np.interp(wanted_time, time, np.hanning(from_hz)) * np.sin(
        2 * np.pi * 1_000 * wanted_time
    )
    assert signal_to_noise_db(wanted, found) > 70
    if from_hz > 24_000:
        dropped = np.sin(2 * np.pi * 11_000 * time) * np.hanning(from_hz)
        assert np.abs(resample(dropped.astype(np.float32), from_hz, 16_000)).max() < 1e-4


def test_a_rate_that_is_wanted_anyway_changes_nothing() -> None:
    samples = sound(100)[:, 0]
    assert resample(samples, 16_000, 16_000) is samples


def test_resampled_speech_agrees_with_the_exact_spectrum(shared_data: Path) -> None:
    """SciPy's Fourier resampling of a real utterance, padded so that the ratio is exact."""
    contents = (shared_data / "speech" / "aishell3" / "wav" / "SSB00050112.wav").read_bytes()
    samples, rate_hz = read_sound(contents)
    loaded, loaded_hz = librosa.load(io.BytesIO(contents), sr=None)
    assert rate_hz == loaded_hz == 44_100
    np.testing.assert_array_equal(samples, loaded)
    padded = np.pad(samples.astype(np.float64), (0, 4_410 - len(samples) % 441))
    wanted = scipy.signal.resample(padded, len(padded) * 160 // 441)
    found = resample(samples, 44_100, 16_000)
    assert signal_to_noise_db(*below_7_khz(wanted, found)) > 80


def test_ingested_speech_is_what_the_served_graph_hears(shared_data: Path) -> None:
    """soxr at ingestion and the graph's own resampler agree where speech is, below 7 kHz."""
    from modules.common.sound import wav

    contents = (shared_data / "speech" / "aishell3" / "wav" / "SSB00050112.wav").read_bytes()
    found = resample(*read_sound(contents), 16_000)
    served = wav.decode(contents, 16_000).numpy()
    assert abs(len(served) - len(found)) <= 1
    assert signal_to_noise_db(*below_7_khz(served, found)) > 80


def test_pcm_keeps_16_bits_and_clips() -> None:
    every = np.arange(-(2**15), 2**15).astype("<i2")
    contents = encoded(every, "WAV", "PCM_16")
    assert pcm16(read_sound(contents)[0]) == every.tobytes()
    assert (
        pcm16(np.array([-1.5, -1.0, 1.0, 1.5, 0.0]))
        == np.array([-32768, -32768, 32767, 32767, 0], "<i2").tobytes()
    )


def test_wav_bytes_are_a_wav_file() -> None:
    samples = sound(500)[:, 0]
    found, rate_hz = soundfile.read(io.BytesIO(wav_bytes(samples, 22_050)))
    assert rate_hz == 22_050
    np.testing.assert_allclose(found, samples, atol=2.0**-16 * 1.01)


@pytest.mark.parametrize(("kind", "subtype"), [("FLAC", "PCM_24"), *LOSSY])
def test_a_request_of_another_kind_becomes_wav(tmp_path: Path, kind: str, subtype: str) -> None:
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(encoded(sound(10_000, 2), kind, subtype))
    found, rate_hz = soundfile.read(io.BytesIO(read_recording("tiny_task", str(path))))
    assert rate_hz == 48_000
    np.testing.assert_allclose(found, read_sound(path.read_bytes())[0], atol=2.0**-15)


def test_a_request_of_wav_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(encoded(sound(100, 8), "WAV", "PCM_24")[:-1])
    assert read_recording("tiny_task", str(path)) == path.read_bytes()


def test_a_request_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"tiny_task takes the path of a recording.*no file 'b'"):
        read_recording("tiny_task", "b")
    (tmp_path / "a.mp3").write_text("a text")
    with pytest.raises(DataError, match="is not a recording that can be used: expected wav, flac"):
        read_recording("tiny_task", str(tmp_path / "a.mp3"))
