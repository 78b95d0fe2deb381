"""voice_gender: a person has a recording, not its properties."""

from __future__ import annotations

from modules.common.asking.asking import Asking
from modules.common.declaring.task import Field
from modules.voice_gender.task import TASK

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
)
