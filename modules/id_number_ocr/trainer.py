"""id_number_ocr: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from modules.common.models.ocr_augment import augment
from modules.common.training.entry_points import entry_points
from modules.id_number_ocr.model import build_model
from modules.id_number_ocr.signatures import IdNumberOcrServable
from modules.id_number_ocr.task import TASK

run_fn, tuner_fn = entry_points(TASK, build_model, IdNumberOcrServable, augment=augment)
