"""audio_style_transfer: the Trainer's entry point. Nothing is trained: the model is exported."""

from __future__ import annotations

from typing import Any

from modules.audio_style_transfer.model import build_model
from modules.audio_style_transfer.signatures import AudioStyleTransferServable
from modules.audio_style_transfer.task import TASK
from modules.common.training import loop


def run_fn(fn_args: Any) -> None:
    """Exports; TFX's Trainer calls this."""
    loop.run(fn_args, TASK, build_model, AudioStyleTransferServable)
