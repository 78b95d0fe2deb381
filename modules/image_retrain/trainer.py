"""image_retrain: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from typing import Any

from modules.common.training import loop
from modules.image_retrain.model import build_model, distort
from modules.image_retrain.signatures import ImageRetrainServable
from modules.image_retrain.task import TASK


def run_fn(fn_args: Any) -> None:
    """Trains and exports; TFX's Trainer calls this."""
    loop.run(fn_args, TASK, build_model, ImageRetrainServable, augment=distort)


def tuner_fn(fn_args: Any) -> Any:
    """Searches hyperparameters; TFX's Tuner calls this."""
    from modules.common.training import tuning

    return tuning.tune(fn_args, TASK, build_model)
