"""audio_style_transfer: the Trainer's entry point. Nothing is trained: the model is exported."""

from __future__ import annotations

from modules.audio_style_transfer.model import build_model
from modules.audio_style_transfer.signatures import AudioStyleTransferServable
from modules.audio_style_transfer.task import TASK
from modules.common.training.entry_points import entry_points

run_fn, _ = entry_points(TASK, build_model, AudioStyleTransferServable)
