"""captcha_ocr: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from modules.captcha_ocr.model import build_model
from modules.captcha_ocr.signatures import CaptchaOcrServable
from modules.captcha_ocr.task import TASK
from modules.common.models.ocr_augment import augment
from modules.common.training.entry_points import entry_points

run_fn, tuner_fn = entry_points(TASK, build_model, CaptchaOcrServable, augment=augment)
