"""deep_dream: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from modules.common.training.entry_points import entry_points
from modules.deep_dream.model import build_model
from modules.deep_dream.report import write_report
from modules.deep_dream.rotation import augment
from modules.deep_dream.signatures import DeepDreamServable
from modules.deep_dream.task import TASK

run_fn, tuner_fn = entry_points(
    TASK, build_model, DeepDreamServable, augment=augment, report=write_report
)
