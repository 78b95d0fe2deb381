"""The layout of music as MIDI files, as tasks declare it. No TensorFlow.

`docs/music_rbm.md` says what becomes of what does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import Joining, Source
from modules.common.midi.settings import MidiSettings
from modules.common.reading.file_endings import MIDI, globs

_MIDI_DEPTHS = range(4)


@dataclass(frozen=True, kw_only=True)
class MidiSource(Source):
    """A folder of tunes as MIDI files, or folders of them.

    Raw features: `note_state`, `tune` and `first_step`. A tune is brought to pitches 24 to 101,
    four steps a beat, and cut into windows; a tune is one split key. The settings that are
    read: `window_steps`, the length of a window; `hop_steps`, from one window of the training split
    to the next (those of the evaluation split do not overlap, but for a tune's last, which ends
    where the tune ends); `min_tune_steps`, below which a tune is set aside.

    Attributes:
        note_state: Raw feature that gets a window: `numpy.packbits` of bool
            `[window_steps, 156]`, sounding pitches first, then struck ones.
        tune: Raw feature that gets the file's path.
        first_step: Raw feature that gets the step of the tune that the window begins with.
    """

    settings: ClassVar[tuple[type[Settings], ...]] = (MidiSettings,)
    component: ClassVar[str] = "components.example_gen.midi.example_gen.MidiExampleGen"
    joining: ClassVar[Joining] = Joining(numbered=("*",))

    pattern: str = ""
    layout: str = "a folder of MIDI files (mid, midi, kar) in 2/4 or 4/4, or folders of them"
    note_state: str = "note_state"
    tune: str = "tune"
    first_step: str = "first_step"

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the tunes, hidden files and folders aside."""
        return tuple(glob for depth in _MIDI_DEPTHS for glob in globs(MIDI, "[!.]*/" * depth))
