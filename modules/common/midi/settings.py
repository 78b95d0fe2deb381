"""Settings of what reads MIDI files. A step is a quarter of a beat."""

from __future__ import annotations

from modules.common.declaring.settings import DATA, Settings, setting


class MidiSettings(Settings):
    """For tunes that are cut into windows."""

    window_steps: int = setting(128, at_least=1, reads=DATA, doc="Length of a window, in steps.")
    hop_steps: int = setting(
        16,
        at_least=1,
        reads=DATA,
        doc="From one training window of a tune to the next, in steps; those that are evaluated on "
        "do not overlap.",
    )
    min_tune_steps: int = setting(
        0, at_least=0, reads=DATA, doc="Shorter tunes are set aside, in steps."
    )
