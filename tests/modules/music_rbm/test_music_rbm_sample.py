"""Tunes composed by rule: in key, consonant, on the beat, and the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from modules.common.midi.note_state import LOWEST_PITCH, PITCHES, consistent, from_midi, read_tune
from modules.music_rbm.sample.composing import MAJOR, Composition, compose
from modules.music_rbm.sample.maker import write_sample
from modules.music_rbm.task import Settings

# Unison, thirds, fourth, fifth, sixths: what sounds well together.
CONSONANT = {0, 3, 4, 5, 7, 8, 9}
SEEDS = range(40)


@pytest.fixture(scope="module")
def tunes() -> list[Composition]:
    return [compose(np.random.default_rng([1, seed])) for seed in SEEDS]


def classes(row: np.ndarray) -> np.ndarray:
    """Pitches of a row of sounding or struck notes."""
    return np.flatnonzero(row) + LOWEST_PITCH


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed, count in (("a", 3, 6), ("b", 3, 6), ("c", 4, 6), ("d", 3, 9)):
        write_sample(tmp_path / name, Settings(seed=seed, sample_tunes=count))
    first, again, other, more = (contents(tmp_path / name) for name in "abcd")
    assert first == again and len(first) == 6 and len(set(first.values())) == 6
    assert not set(first.values()) & set(other.values())
    assert first.items() <= more.items() and len(more) == 9


def test_files_are_what_was_composed(tmp_path: Path) -> None:
    write_sample(tmp_path, Settings(seed=5, sample_tunes=8))
    metres = set()
    for number, path in enumerate(sorted(tmp_path.iterdir())):
        tune = compose(np.random.default_rng([5, number]))
        read = read_tune(path.read_bytes())
        np.testing.assert_array_equal(from_midi(path), tune.note_state)
        assert read.metres == (f"{tune.beats_a_bar}/4",) and not read.outside
        bars = len(tune.note_state) / 4 / tune.beats_a_bar
        assert bars == 16 and len(tune.note_state) >= 64
        assert mido.MidiFile(path).length == pytest.approx(
            bars * tune.beats_a_bar * 60 / tune.bpm, rel=1e-4
        )
        metres.update(read.metres)
    assert metres == {"2/4", "4/4"}


def test_every_note_is_in_key_and_can_be_played(tunes: list[Composition]) -> None:
    for tune in tunes:
        np.testing.assert_array_equal(consistent(tune.note_state), tune.note_state)
        for row in tune.note_state[:, :PITCHES]:
            assert {(pitch - tune.tonic) % 12 for pitch in classes(row)} <= set(tune.scale)
    keys = {(tune.tonic, tune.scale == MAJOR) for tune in tunes}
    assert len(keys) >= 8 and {is_major for _, is_major in keys} == {True, False}


def test_bars_begin_with_their_chord_and_its_root_in_the_bass(tunes: list[Composition]) -> None:
    for tune in tunes:
        steps = 4 * tune.beats_a_bar
        assert len(tune.chords) == 16
        for number, chord in enumerate(tune.chords):
            struck = classes(tune.note_state[number * steps, PITCHES:])
            assert {pitch % 12 for pitch in struck} <= set(chord)
            assert struck.min() % 12 == chord[0] and struck.min() < 48
            assert struck.max() >= 67


def test_most_of_what_sounds_together_is_consonant(tunes: list[Composition]) -> None:
    consonant = pairs = chance = chance_pairs = 0
    random = np.random.default_rng(0)
    for tune in tunes:
        for row in tune.note_state[:, :PITCHES]:
            pitches = classes(row)
            shuffled = random.integers(36, 85, len(pitches))
            for which, group in enumerate((pitches, shuffled)):
                for low in range(len(group)):
                    for high in range(low):
                        sounds_well = abs(int(group[low]) - int(group[high])) % 12 in CONSONANT
                        if which:
                            chance, chance_pairs = chance + sounds_well, chance_pairs + 1
                        else:
                            consonant, pairs = consonant + sounds_well, pairs + 1
    assert consonant / pairs > 0.9 > 0.65 > chance / chance_pairs


def test_melodies_move_by_small_steps_and_phrases_return(tunes: list[Composition]) -> None:
    returning = 0
    for tune in tunes:
        struck = tune.note_state[:, PITCHES + 67 - LOWEST_PITCH :]
        melody = np.array([classes(row).max() for row in struck if row.any()])
        assert np.abs(np.diff(melody)).mean() < 5 and len(set(melody.tolist())) >= 4
        phrases = tune.note_state.reshape(4, -1)
        returning += len(np.unique(phrases[:3], axis=0)) < 3
    assert returning == len(tunes)
