"""music_rbm: writes tunes as MIDI files, in the layout of the real data."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from modules.common.midi.note_state import to_midi
from modules.music_rbm.sample.composing import compose
from modules.music_rbm.task import Settings


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `tune_NUMBER.mid`, composed by rule.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_tunes` says how many.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(settings.sample_tunes):
        tune = compose(np.random.default_rng([settings.seed, number]))
        midi = to_midi(tune.note_state, tune.bpm, tune.beats_a_bar)
        (folder / f"tune_{number:04d}.mid").write_bytes(midi)
