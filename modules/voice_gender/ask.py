"""voice_gender: a person has a recording, not its properties."""

from __future__ import annotations

from modules.common.asking.asking import Asking
from modules.common.declaring.task import Field
from modules.common.sound import example_sound
from modules.voice_gender.task import TASK

# Fundamentals of a man's and of a woman's voice.
_LOW_HZ, _HIGH_HZ = 120.0, 210.0

ASKING = Asking(
    signature="serve_wav",
    inputs=(
        Field(name="wav", dtype="string", kind="sound", doc="bytes of a WAV file of the voice"),
    ),
    outputs=(
        *TASK.serving.outputs,
        Field(
            name="meanfun",
            dtype="float32",
            title="mean fundamental",
            unit="kHz",
            doc="mean fundamental frequency",
        ),
    ),
    examples=tuple({"wav": example_sound.recording(tone_hz)} for tone_hz in (_LOW_HZ, _HIGH_HZ)),
)
