"""colorization: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from typing import Any

from modules.colorization.augment import augment
from modules.colorization.model import build_model
from modules.colorization.report import write_report
from modules.colorization.signatures import ColorizationServable
from modules.colorization.task import TASK
from modules.common.training import loop


def run_fn(fn_args: Any) -> None:
    """Trains and exports; TFX's Trainer calls this."""
    loop.run(fn_args, TASK, build_model, ColorizationServable, augment, write_report)


def tuner_fn(fn_args: Any) -> Any:
    """Searches hyperparameters; TFX's Tuner calls this."""
    from modules.common.training import tuning

    return tuning.tune(fn_args, TASK, build_model, augment)
