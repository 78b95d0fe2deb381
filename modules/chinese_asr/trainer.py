"""chinese_asr: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from typing import Any

from modules.chinese_asr.augment import spec_augment
from modules.chinese_asr.model import build_model
from modules.chinese_asr.signatures import ChineseAsrServable
from modules.chinese_asr.task import TASK
from modules.common.training import learning_curve, loop


def run_fn(fn_args: Any) -> None:
    """Trains and exports; TFX's Trainer calls this."""
    loop.run(
        fn_args,
        TASK,
        build_model,
        ChineseAsrServable,
        augment=spec_augment,
        report=learning_curve.write_report,
    )


def tuner_fn(fn_args: Any) -> Any:
    """Searches hyperparameters; TFX's Tuner calls this."""
    from modules.common.training import tuning

    return tuning.tune(fn_args, TASK, build_model)
