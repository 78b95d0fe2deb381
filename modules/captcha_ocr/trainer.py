"""captcha_ocr: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from typing import Any

from modules.captcha_ocr.model import build_model
from modules.captcha_ocr.signatures import CaptchaOcrServable
from modules.captcha_ocr.task import TASK
from modules.common.training import loop


def run_fn(fn_args: Any) -> None:
    """Trains and exports; TFX's Trainer calls this."""
    loop.run(fn_args, TASK, build_model, CaptchaOcrServable)


def tuner_fn(fn_args: Any) -> Any:
    """Searches hyperparameters; TFX's Tuner calls this."""
    from modules.common.training import tuning

    return tuning.tune(fn_args, TASK, build_model)
