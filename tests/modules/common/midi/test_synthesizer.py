"""Music heard: pitch, length and loudness."""

from __future__ import annotations

import numpy as np
import pytest

from modules.common.midi.note_state import NOTES, PITCHES
from modules.common.midi.synthesizer import PEAK, RATE_HZ, TAIL_S, synthesize


def matrix(steps: int, *notes: tuple[int, int, int]) -> np.ndarray:
    """Notes of pitch, first step and length."""
    state = np.zeros((steps, NOTES), np.uint8)
    for pitch, first, length in notes:
        state[first : first + length, pitch - 24] = 1
        state[first, PITCHES + pitch - 24] = 1
    return state


def loudness(sound: np.ndarray, begin_s: float, end_s: float) -> float:
    """Root mean square of a part."""
    part = sound[int(begin_s * RATE_HZ) : int(end_s * RATE_HZ)]
    return float(np.sqrt(np.mean(part.astype(np.float64) ** 2)))


def spectrum(sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and magnitudes."""
    window = np.hanning(len(sound))
    return np.fft.rfftfreq(len(sound), 1 / RATE_HZ), np.abs(np.fft.rfft(sound * window))


@pytest.mark.parametrize(
    ("pitch", "frequency_hz"), [(69, 440.0), (60, 261.6256), (24, 32.7032), (101, 2793.826)]
)
def test_the_loudest_frequency_is_the_pitch(pitch: int, frequency_hz: float) -> None:
    frequencies, magnitudes = spectrum(synthesize(matrix(16, (pitch, 0, 16)), 60))
    assert frequencies[magnitudes.argmax()] == pytest.approx(frequency_hz, abs=0.3)


def test_partials_are_whole_multiples_and_nothing_is_between() -> None:
    frequencies, magnitudes = spectrum(synthesize(matrix(16, (69, 0, 16)), 60))
    for partial in (2, 3, 4):
        near = np.abs(frequencies - 440 * partial) < 110
        assert frequencies[near][magnitudes[near].argmax()] == pytest.approx(440 * partial, abs=0.5)
    between = np.abs(frequencies % 440 - 220) < 100
    assert magnitudes[between].max() < 0.01 * magnitudes.max()


@pytest.mark.parametrize(("steps", "bpm"), [(1, 120.0), (256, 120.0), (7, 90.0), (64, 33.3)])
def test_length(steps: int, bpm: float) -> None:
    sound = synthesize(matrix(steps, (69, steps - 1, 1)), bpm)
    assert len(sound) == round((steps * 60 / bpm / 4 + TAIL_S) * RATE_HZ)
    assert sound.dtype == np.float32 and abs(sound[-1]) < 1e-6


@pytest.mark.parametrize("steps", [0, 1, 64])
def test_silence_is_silence(steps: int) -> None:
    assert not synthesize(np.zeros((steps, NOTES), np.uint8)).any()


def test_everything_at_once_is_not_clipped() -> None:
    sound = synthesize(np.ones((32, NOTES), np.uint8))
    assert np.abs(sound).max() == pytest.approx(PEAK, abs=1e-4)


def test_one_note_is_not_made_louder() -> None:
    alone = synthesize(matrix(8, (69, 0, 8)))
    assert 0.05 < np.abs(alone).max() < 0.5


def test_notes_begin_and_end_in_their_steps_without_clicks() -> None:
    sound = synthesize(matrix(32, (60, 8, 8)), 60)
    assert not sound[: 2 * RATE_HZ].any()
    assert loudness(sound, 2.0, 2.5) > 10 * loudness(sound, 4.0, 4.1) > 0
    assert loudness(sound, 4.1, 8.0) < 1e-6
    # No jump is larger than the partials' own slopes make: 2 pi f / rate, summed.
    steepest = 0.2 * 2 * np.pi * 261.6 / RATE_HZ * (1 + 0.9 + 0.75 + 0.56 + 0.4 + 0.3)
    assert np.abs(np.diff(sound)).max() < steepest
    assert abs(sound[2 * RATE_HZ + 1]) < 1e-4


def test_a_note_struck_again_is_heard_again() -> None:
    held = synthesize(matrix(32, (72, 0, 32)), 60)
    again = synthesize(matrix(32, (72, 0, 16), (72, 16, 16)), 60)
    np.testing.assert_array_equal(held[: 3 * RATE_HZ], again[: 3 * RATE_HZ])
    assert loudness(again, 4.05, 4.3) > 5 * loudness(held, 4.05, 4.3)
    assert loudness(held, 0.0, 0.5) > 5 * loudness(held, 3.0, 3.5)


def test_music_is_the_sum_of_its_notes() -> None:
    notes = [(48, 0, 4), (64, 2, 9), (67, 2, 3), (64, 11, 5), (90, 15, 1)]
    alone = [synthesize(matrix(16, note)) for note in notes]
    together = synthesize(matrix(16, *notes))
    np.testing.assert_allclose(together, sum(alone), atol=2e-6)


def test_music_of_hours_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 900 s, found 3072 s; take fewer steps"):
        synthesize(np.zeros((4096, NOTES), np.uint8), 20)
