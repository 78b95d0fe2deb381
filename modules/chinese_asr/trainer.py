"""chinese_asr: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from modules.chinese_asr.augment import spec_augment
from modules.chinese_asr.model import build_model
from modules.chinese_asr.report import write_curve_and_weight
from modules.chinese_asr.signatures import ChineseAsrServable
from modules.chinese_asr.task import TASK
from modules.common.training.entry_points import entry_points

run_fn, tuner_fn = entry_points(
    TASK, build_model, ChineseAsrServable, augment=spec_augment, report=write_curve_and_weight
)
