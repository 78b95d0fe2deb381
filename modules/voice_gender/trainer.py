"""voice_gender: TFX's entry to training."""

from __future__ import annotations

from typing import Any

from modules.common.training import loop
from modules.voice_gender.model import build_model
from modules.voice_gender.signatures import VoiceGenderServable
from modules.voice_gender.task import TASK


def run_fn(fn_args: Any) -> None:
    """Trains and exports the model; called by TFX's Trainer."""
    loop.run(fn_args, TASK, build_model, VoiceGenderServable)


def tuner_fn(fn_args: Any) -> Any:
    """Searches hyperparameters; TFX's Tuner calls this."""
    from modules.common.training import tuning

    return tuning.tune(fn_args, TASK, build_model)
