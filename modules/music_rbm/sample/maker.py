"""music_rbm: writes tunes as MIDI files, in the layout of the real data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from modules.common.declaring.task import Value
from modules.common.midi.note_state import to_midi
from modules.music_rbm.sample.composing import compose


def write_sample(folder: Path, seed: int, hparams: Mapping[str, Value]) -> None:
    """Writes `tune_NUMBER.mid`, composed by rule.

    Args:
        folder: Made if absent.
        seed: The same seed gives the same files.
        hparams: `sample_tunes` says how many.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(int(hparams["sample_tunes"])):
        tune = compose(np.random.default_rng([seed, number]))
        midi = to_midi(tune.note_state, tune.bpm, tune.beats_a_bar)
        (folder / f"tune_{number:04d}.mid").write_bytes(midi)
