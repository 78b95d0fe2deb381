"""The conditions of chinese_asr's sample speech: rooms, noises, and how loud they are."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from modules.chinese_asr.sample import conditions
from modules.common.runtime.errors import DataError

RATE_HZ = 16_000


def speech(seed: int = 0, seconds: float = 2.0) -> np.ndarray:
    """Noise in bursts, as loud as speech."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return 0.1 * rng.standard_normal(len(time_s)) * (np.sin(2 * np.pi * 2 * time_s) > 0)


@pytest.mark.parametrize("reverberation_s", [0.2, 0.5, 0.7])
def test_an_echo_falls_by_60_db_in_the_reverberation_time(reverberation_s: float) -> None:
    """Schroeder's backward integration (1965) tells the time from the response."""
    slopes_db = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        response = conditions.room_response(rng, reverberation_s, 0.0, RATE_HZ)
        left = np.cumsum(response[::-1] ** 2)[::-1][round(0.004 * RATE_HZ) :]
        decay_db = 10 * np.log10(left / left[0])
        part = (decay_db < -5) & (decay_db > -25)
        time_s = np.arange(len(left)) / RATE_HZ
        slopes_db.append(np.polyfit(time_s[part], decay_db[part], 1)[0])
    assert -60 / np.mean(slopes_db) == pytest.approx(reverberation_s, rel=0.05)


@pytest.mark.parametrize("direct_db", [-3.0, 6.0])
def test_the_direct_sound_is_as_loud_over_echoes_as_was_asked(direct_db: float) -> None:
    response = conditions.room_response(np.random.default_rng(1), 0.4, direct_db, RATE_HZ)
    assert response[0] == 1.0
    ratio_db = -10 * np.log10(np.sum(response[1:] ** 2))
    assert ratio_db == pytest.approx(direct_db, abs=1e-6)


def test_a_room_is_a_convolution_with_its_response() -> None:
    sound = speech()
    heard = conditions.add_room(np.random.default_rng(3), sound, "reverberant", RATE_HZ)
    rng = np.random.default_rng(3)
    drawn = rng.uniform(0.2, 0.7), rng.uniform(-3.0, 6.0)
    response = conditions.room_response(rng, *drawn, RATE_HZ)
    wanted = signal.lfilter(response, [1.0], sound)
    np.testing.assert_allclose(heard, wanted, atol=1e-9)
    assert conditions.add_room(np.random.default_rng(3), sound, "clean", RATE_HZ) is sound


@pytest.mark.parametrize("name", conditions.CONDITIONS)
def test_noise_is_as_loud_as_the_condition_says(name: str) -> None:
    sound = speech()
    loudness = float(np.sqrt(np.mean(sound**2)))
    least_db, most_db = conditions.CONDITIONS[name].snr_db
    levels_db = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        heard = conditions.add_noise(rng, sound, loudness, name, [speech(seed)], RATE_HZ)
        noise = heard - sound
        levels_db.append(20 * np.log10(loudness / np.sqrt(np.mean(noise**2))))
    assert least_db <= min(levels_db) < least_db + 6
    assert most_db - 6 < max(levels_db) <= most_db


def test_each_kind_of_noise_sounds_as_it_is_called() -> None:
    rng = np.random.default_rng(5)
    count = 4 * RATE_HZ
    hum = conditions._hum(rng, count, RATE_HZ)
    hz, power = signal.welch(hum, RATE_HZ, nperseg=count // 2)
    low = power[hz < 800].sum() / power.sum()
    assert low > 0.8
    swell = conditions._swell(rng, count, RATE_HZ)
    loudness = np.sqrt(np.mean(swell.reshape(-1, RATE_HZ // 20) ** 2, axis=1))
    hiss = conditions._hiss(rng, count, RATE_HZ)
    steady = np.sqrt(np.mean(hiss.reshape(-1, RATE_HZ // 20) ** 2, axis=1))
    assert loudness.max() / loudness.min() > 5 > 2 > steady.max() / steady.min()
    others = [speech(seed, 1.0) for seed in range(6)]
    chatter = conditions._chatter(rng, count, others)
    assert len(chatter) == count and np.isfinite(chatter).all() and chatter.std() > 0


def test_conditions_are_named_by_a_setting() -> None:
    assert conditions.choose("clean, far") == ["clean", "far"]
    for wrong in ("", "loud"):
        with pytest.raises(DataError, match="expected some of clean, noisy"):
            conditions.choose(wrong)
