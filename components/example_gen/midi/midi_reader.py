"""Reads tunes. Light: it runs in processes that never import TensorFlow.

Reading is two steps: every file is looked at, then the tunes that can be used are ranked and cut
into windows. Were files ranked before they are looked at, all of a few that are held out might be
such as cannot be used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from components.example_gen.file_bytes import read_file
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SET_ASIDE, Record, Reject
from modules.common.midi import note_state
from modules.common.midi.midi_files import MidiError
from modules.common.midi.sources import MidiSource

_BEATS_A_BAR = ("2", "4")
_METRES_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class SightedTune:
    """A tune that can be used.

    Attributes:
        relative: The file, relative to the data folder.
        steps: How long it is.
        packed: Its matrix, as `note_state.pack` gives it.
        split: `train` or `eval`; empty until the tunes are ranked.
    """

    relative: str
    steps: int
    packed: bytes
    split: str = ""

    @property
    def key(self) -> str:
        """The split key, a digest of the music: the same under two names is on one side."""
        return hashlib.sha256(self.packed).hexdigest()

    def note_state(self) -> np.ndarray:
        """Its matrix, bool `[steps, NOTES]`."""
        bits = np.frombuffer(self.packed, np.uint8)
        flat = np.unpackbits(bits, count=self.steps * note_state.NOTES)
        return flat.reshape(self.steps, note_state.NOTES).astype(bool)


def look_at_tune(path: str, config: ReadConfig) -> Iterator[SightedTune | Reject]:
    """Reads a file, and tells whether it can be used.

    Args:
        path: A file in the data folder; a folder that is named like a tune is passed over.
        config: Its source must be a `MidiSource`.

    Yields:
        One tune, or one reject.
    """
    relative = config.relative(path)
    try:
        tune = note_state.read_tune(read_file(path))
    except IsADirectoryError:
        return
    except MidiError as error:
        yield Reject(relative, "", str(error))
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        yield Reject(relative, "", f"the file cannot be read: {said}")
    else:
        unfit = _unfit(tune, config.settings.min_tune_steps)
        if unfit:
            yield Reject(relative, "", unfit, SET_ASIDE)
        else:
            steps, packed = len(tune.note_state), note_state.pack(tune.note_state)
            yield SightedTune(relative=relative, steps=steps, packed=packed)


def _unfit(tune: note_state.Tune, min_steps: int) -> str:
    """Says why a tune is set aside, if it is.

    It stays where every bar has two or four beats: 2/4 and 4/4, and what is these written in other
    values, 2/2, 4/8 and 2/8. One passage in another metre shifts all that follows against the bars.
    """
    others = [metre for metre in tune.metres if metre.split("/")[0] not in _BEATS_A_BAR]
    if others:
        more = ", …" if len(others) > _METRES_SHOWN else ""
        return f"expected 2/4 or 4/4 throughout, found {', '.join(others[:_METRES_SHOWN])}{more}"
    steps = len(tune.note_state)
    if not steps:
        lowest = note_state.LOWEST_PITCH
        return (
            f"expected notes of pitches {lowest} to {lowest + note_state.PITCHES - 1}, found "
            f"{tune.outside}, all of them lower or higher"
        )
    if steps < min_steps:
        return f"expected at least {min_steps} steps, four to a beat, found {steps}"
    return ""


def cut_tune(tune: SightedTune, config: ReadConfig) -> Iterator[Record]:
    """Cuts a tune into windows. One that is shorter than a window is filled up with silence.

    Args:
        tune: Of a split.
        config: As for `look_at_tune`.

    Yields:
        One record a window.
    """
    source: MidiSource = config.source
    window = config.settings.window_steps
    hop = config.settings.hop_steps if tune.split == "train" else window
    state = tune.note_state()
    state = np.pad(state, [(0, max(0, window - len(state))), (0, 0)])
    last = len(state) - window
    for first in [*range(0, last, hop), last]:
        features = {
            source.note_state: note_state.pack(state[first : first + window]),
            source.tune: tune.relative,
            source.first_step: first,
        }
        yield Record(tune.split, features)
