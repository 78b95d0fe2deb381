"""The twenty properties against slow NumPy versions, librosa, and signals with known answers."""

from __future__ import annotations

import io
import math

import librosa
import numpy as np
import pytest
import soundfile
import tensorflow as tf

from modules.voice_gender import acoustic, pitch, spectrum
from modules.voice_gender.properties import PROPERTIES, SAMPLE_RATE_HZ
from modules.voice_gender.sample import maker
from modules.voice_gender.task import Settings

RATE = SAMPLE_RATE_HZ
NAMES = tuple(PROPERTIES)


def reference(samples: np.ndarray) -> dict[str, float]:
    """The properties as the R packages define them, loop by loop, indices from one as in R."""
    samples = samples.astype(np.float64)[: 20 * RATE]
    return {**_specprop(samples), **_fund(samples), **_dfreq(samples)}


def _specprop(samples: np.ndarray) -> dict[str, float]:
    n = len(samples)
    spectrum = np.abs(np.fft.fft(samples * np.hanning(n)))[: n // 2]
    last = math.floor(280 * (2 * (n // 2)) / RATE)
    amp = np.array([spectrum[i - 1] for i in range(1, last + 1)])
    amp = amp / amp.sum()
    freq = np.linspace(0, 280, last) / 1000
    cumulated = np.cumsum(amp)
    quartiles = [freq[sum(cumulated <= share)] for share in (0.25, 0.5, 0.75)]
    mean = sum(f * a for f, a in zip(freq, amp, strict=True))
    spread = np.std(amp, ddof=1)
    return {
        "meanfreq": mean,
        "sd": math.sqrt(sum(a * (f - mean) ** 2 for f, a in zip(freq, amp, strict=True))),
        "Q25": quartiles[0],
        "median": quartiles[1],
        "Q75": quartiles[2],
        "IQR": quartiles[2] - quartiles[0],
        "skew": sum((amp - amp.mean()) ** 3) / (last - 1) / spread**3,
        "kurt": sum((amp - amp.mean()) ** 4) / (last - 1) / spread**4,
        "sp_ent": -sum(a * math.log(a) for a in amp) / math.log(last),
        "sfm": math.exp(np.log(amp).mean()) / amp.mean(),
        "mode": freq[int(np.argmax(amp))],
        "centroid": mean,
    }


def _loud(samples: np.ndarray) -> np.ndarray:
    peak = np.abs(samples).max()
    return np.where(np.abs(samples) <= peak * 0.05, 0.0, samples) / peak


def _fund(samples: np.ndarray) -> dict[str, float]:
    loud = _loud(samples)
    found = []
    for start in range(0, len(loud) - 2048, 1024):
        window = loud[start : start + 2048]
        if not window.any():
            continue
        cepstrum = np.fft.ifft(np.log(np.abs(np.fft.fft(window)) + 1e-300)).real
        period = max(range(57, 1024), key=lambda quefrency: cepstrum[quefrency])
        if period > 57 and cepstrum[period] > 1e-9:
            found.append(RATE / period / 1000)
    return {"meanfun": np.mean(found), "minfun": min(found), "maxfun": max(found)}


def _dfreq(samples: np.ndarray) -> dict[str, float]:
    loud = _loud(samples)
    track = []
    for start in range(0, len(loud) - 2048, 2048):
        window = loud[start : start + 2048] * np.hanning(2048)
        amplitudes = np.abs(np.fft.fft(window))[:896]
        row = int(np.flatnonzero(amplitudes >= amplitudes.max() * (1 - 1e-9))[0]) + 1
        track.append(row * RATE / 2048 / 1000 if window.any() else math.nan)
    steps = [abs(a - b) for a, b in zip(track, track[1:], strict=False)]
    values = {
        "meandom": np.nanmean(track),
        "mindom": np.nanmin(track),
        "maxdom": np.nanmax(track),
    }
    values["dfrange"] = values["maxdom"] - values["mindom"]
    values["modindx"] = np.nanmean(steps) / values["dfrange"] if values["dfrange"] else 0.0
    return values


def assert_agree(samples: np.ndarray) -> None:
    expected = reference(samples)
    measured = acoustic.featurize(samples.astype(np.float32), RATE)
    assert tuple(measured) == NAMES
    for name in NAMES:
        assert measured[name] == pytest.approx(expected[name], rel=1e-5, abs=1e-7), name


def tone(hz: float, seconds: float = 1.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def voice(hz: float, seconds: float = 1.0, harmonics: int = 100) -> np.ndarray:
    rng = np.random.default_rng(0)
    total = sum(tone(hz * k, seconds) / k for k in range(1, harmonics + 1) if hz * k < 7800)
    return 0.3 * total + 1e-3 * rng.standard_normal(int(seconds * RATE))


def wav_bytes(samples: np.ndarray, rate_hz: int = RATE, subtype: str = "PCM_16") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate_hz, format="WAV", subtype=subtype)
    return buffer.getvalue()


def test_real_recordings_agree_with_the_reference(
    recordings: list[tuple[np.ndarray, int]],
) -> None:
    for samples, rate_hz in recordings:
        assert_agree(librosa.resample(samples, orig_sr=rate_hz, target_sr=RATE))


def test_synthetic_signals_agree_with_the_reference() -> None:
    rng = np.random.default_rng(0)
    for samples in (
        voice(120),
        voice(210, 0.3),
        rng.standard_normal(2049) * 0.1,
        rng.standard_normal(30_001) * 0.1,
        np.clip(5 * voice(150), -1, 1),
        np.concatenate([np.zeros(8000), voice(100), np.zeros(8000), voice(240)]),
        voice(170, 25.0),
    ):
        assert_agree(samples)


def test_centroid_and_flatness_agree_with_librosa(recordings: list[tuple[np.ndarray, int]]) -> None:
    samples = librosa.resample(recordings[0][0], orig_sr=recordings[0][1], target_sr=RATE)
    amplitude = spectrum.amplitudes(tf.constant(samples, tf.float64)).numpy()
    measured = acoustic.featurize(samples, RATE)
    freq = np.linspace(0, 0.28, len(amplitude))
    centroid = librosa.feature.spectral_centroid(S=amplitude[:, None], freq=freq)
    flatness = librosa.feature.spectral_flatness(S=amplitude[:, None], power=1.0, amin=1e-30)
    assert measured["centroid"] == pytest.approx(centroid.item(), rel=1e-5)
    assert measured["sfm"] == pytest.approx(flatness.item(), rel=1e-5)


@pytest.mark.parametrize("hz", [95, 120, 163, 205, 247])
def test_harmonics_have_their_fundamental(hz: float) -> None:
    track, is_voiced = pitch.fundamentals(pitch.threshold(tf.constant(voice(hz))))
    found = 1000 * track.numpy()[is_voiced.numpy()]
    assert np.median(found) == pytest.approx(hz, rel=0.02)


def test_fundamentals_of_synthetic_voices_agree_with_librosa_yin(tmp_path) -> None:
    maker.write_sample(tmp_path, Settings(seed=3, sample_recordings=16))
    differences = []
    for path in sorted(tmp_path.glob("*/*.wav")):
        samples, _ = soundfile.read(path)
        loud = pitch.threshold(tf.constant(samples))
        track, is_voiced = pitch.fundamentals(loud)
        expected = np.median(librosa.yin(samples, fmin=60, fmax=400, sr=RATE))
        differences.append(1000 * np.median(track.numpy()[is_voiced.numpy()]) / expected)
    assert np.median(differences) == pytest.approx(1.0, abs=0.05)


def test_a_tone_has_its_frequency() -> None:
    measured = acoustic.featurize(tone(200).astype(np.float32), RATE)
    for name in ("meanfreq", "median", "Q25", "Q75", "mode", "centroid"):
        assert measured[name] == pytest.approx(0.2, abs=0.002), name
    assert measured["IQR"] < 0.003
    assert measured["sfm"] < 0.01
    assert measured["dfrange"] == measured["modindx"] == 0
    # seewave counts bins from one, so the dominant frequency is a bin high.
    assert measured["meandom"] == pytest.approx(0.2 + RATE / 2048 / 1000, abs=0.004)


def test_white_noise_is_flat() -> None:
    samples = np.random.default_rng(0).standard_normal(10 * RATE).astype(np.float32) * 0.1
    measured = acoustic.featurize(samples, RATE)
    # The amplitudes of noise are Rayleigh distributed: flatness exp(-gamma / 2) / sqrt(pi / 4).
    assert measured["sfm"] == pytest.approx(0.8455, abs=0.01)
    assert measured["sp_ent"] > 0.97
    assert measured["median"] == pytest.approx(0.14, abs=0.004)
    assert measured["IQR"] == pytest.approx(0.14, abs=0.006)


def test_loudness_does_not_matter() -> None:
    samples = voice(130).astype(np.float32)
    quiet, loud = (acoustic.featurize(samples * gain, RATE) for gain in (0.01, 1.0))
    assert list(quiet.values()) == pytest.approx(list(loud.values()), rel=1e-4)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(0), acoustic.TOO_SHORT),
        (tone(200)[:2048], acoustic.TOO_SHORT),
        (np.zeros(RATE), acoustic.SILENT),
        (np.full(RATE, 0.7), acoustic.SILENT),
        (np.full(RATE, np.nan), acoustic.NOT_FINITE),
        (np.append(np.zeros(RATE), 0.5), acoustic.UNVOICED),
    ],
)
def test_what_cannot_be_measured_is_refused(samples: np.ndarray, message: str) -> None:
    samples = samples.astype(np.float32)
    with pytest.raises(ValueError, match=message):
        acoustic.featurize(samples, RATE)
    if len(samples):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            acoustic.measure_wavs(tf.constant([wav_bytes(samples, subtype="FLOAT")]))


@pytest.mark.parametrize(
    "samples",
    [
        np.sign(tone(150)),
        np.eye(1, RATE, 5000)[0],
        tone(3),
        tone(7900),
        np.clip(100 * tone(180), -1, 1),
        np.random.default_rng(0).integers(-1, 2, RATE) / 32768 * 8,
    ],
)
def test_odd_signals_are_measured_or_refused_but_never_nan(samples: np.ndarray) -> None:
    try:
        measured = acoustic.featurize(samples.astype(np.float32), RATE)
    except ValueError as error:
        assert "the recording" in str(error)
    else:
        assert np.isfinite(list(measured.values())).all()


def test_encoded_and_decoded_recordings_agree(recordings: list[tuple[np.ndarray, int]]) -> None:
    clips = [(samples[: 3 * rate_hz], rate_hz) for samples, rate_hz in recordings[:4]]
    served = acoustic.measure_wavs(tf.constant([wav_bytes(*clip, "FLOAT") for clip in clips]))
    for row, (samples, rate_hz) in zip(served.numpy(), clips, strict=True):
        expected = list(acoustic.featurize(samples, rate_hz).values())
        np.testing.assert_allclose(row, expected, rtol=1e-5)


def test_lengths_and_rates_share_one_trace() -> None:
    for seconds, rate_hz in ((0.5, 16_000), (0.7, 44_100), (1.1, 8_000)):
        count = int(seconds * rate_hz)
        samples = np.random.default_rng(count).standard_normal(count).astype(np.float32)
        acoustic.featurize(samples * 0.1, rate_hz)
    assert acoustic._trace_measure().experimental_get_tracing_count() == 1
