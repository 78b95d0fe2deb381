"""music_rbm: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from typing import Any

from modules.common.training import loop
from modules.music_rbm.augment import transposed
from modules.music_rbm.model import build_model
from modules.music_rbm.report import write_report
from modules.music_rbm.signatures import MusicRbmServable
from modules.music_rbm.task import TASK


def run_fn(fn_args: Any) -> None:
    """Trains and exports; TFX's Trainer calls this."""
    loop.run(
        fn_args,
        TASK,
        build_model,
        MusicRbmServable,
        augment=transposed,
        report=write_report,
    )


def tuner_fn(fn_args: Any) -> Any:
    """Searches hyperparameters; TFX's Tuner calls this."""
    from modules.common.training import tuning

    return tuning.tune(fn_args, TASK, build_model, augment=transposed)
