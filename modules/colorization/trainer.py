"""colorization: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from modules.colorization.augment import augment
from modules.colorization.model import build_model
from modules.colorization.report import write_report
from modules.colorization.signatures import ColorizationServable
from modules.colorization.task import TASK
from modules.common.training.entry_points import entry_points

run_fn, tuner_fn = entry_points(
    TASK, build_model, ColorizationServable, augment=augment, report=write_report
)
