"""pixelcnn: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from modules.common.training.entry_points import entry_points
from modules.pixelcnn.model import build_model
from modules.pixelcnn.signatures import PixelcnnServable
from modules.pixelcnn.task import TASK

run_fn, tuner_fn = entry_points(TASK, build_model, PixelcnnServable)
