"""deep_dream: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from typing import Any

from modules.common.training import loop
from modules.deep_dream.model import build_model
from modules.deep_dream.report import write_report
from modules.deep_dream.rotation import augment
from modules.deep_dream.signatures import DeepDreamServable
from modules.deep_dream.task import TASK


def run_fn(fn_args: Any) -> None:
    """Trains and exports; TFX's Trainer calls this."""
    loop.run(fn_args, TASK, build_model, DeepDreamServable, augment, write_report)


def tuner_fn(fn_args: Any) -> Any:
    """Searches hyperparameters; TFX's Tuner calls this."""
    from modules.common.training import tuning

    return tuning.tune(fn_args, TASK, build_model, augment)
