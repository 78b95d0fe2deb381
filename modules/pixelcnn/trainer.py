"""pixelcnn: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from typing import Any

from modules.common.training import loop
from modules.pixelcnn.model import build_model
from modules.pixelcnn.signatures import PixelcnnServable
from modules.pixelcnn.task import TASK


def run_fn(fn_args: Any) -> None:
    """Trains and exports; TFX's Trainer calls this."""
    loop.run(fn_args, TASK, build_model, PixelcnnServable)


def tuner_fn(fn_args: Any) -> Any:
    """Searches hyperparameters; TFX's Tuner calls this."""
    from modules.common.training import tuning

    return tuning.tune(fn_args, TASK, build_model)
