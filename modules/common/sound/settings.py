"""Settings of what reads recordings."""

from __future__ import annotations

from modules.common.declaring.settings import DATA, Settings, setting
from modules.common.reading.settings import SplitFolderSettings


class SoundSettings(Settings):
    """For all recordings."""

    sample_rate_hz: int = setting(
        16_000, at_least=1, reads=DATA, doc="Rate that recordings are brought to, in Hz."
    )
    max_seconds: float = setting(
        60.0, above=0, reads=DATA, doc="Longer recordings are quarantined, in seconds."
    )


class SpeechSettings(SoundSettings, SplitFolderSettings):
    """For speech with transcripts."""

    min_file_bytes: int = setting(
        0, at_least=0, reads=DATA, doc="Smaller files are set aside, in bytes."
    )
    eval_on: str = setting(
        "held_out",
        choices=("held_out", "train"),
        reads=DATA,
        doc="What is evaluated on: utterances that training does not see, or those that it does.",
    )
    conditions: str = setting(
        "clean,noisy,noise,reverberant,far,fast,slow",
        reads=DATA,
        doc="Words in a recording's folders or name that tell how it was made, by which metrics "
        "are given too; a column of a list goes first.",
    )
