"""age_gender: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from modules.age_gender.augmenting import augment
from modules.age_gender.model import build_model
from modules.age_gender.signatures import AgeGenderServable
from modules.age_gender.task import TASK
from modules.common.training.entry_points import entry_points

run_fn, tuner_fn = entry_points(TASK, build_model, AgeGenderServable, augment=augment)
