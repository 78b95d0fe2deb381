"""image_retrain: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from modules.common.training.entry_points import entry_points
from modules.image_retrain.model import build_model, distort
from modules.image_retrain.signatures import ImageRetrainServable
from modules.image_retrain.task import TASK

run_fn, tuner_fn = entry_points(TASK, build_model, ImageRetrainServable, augment=distort)
