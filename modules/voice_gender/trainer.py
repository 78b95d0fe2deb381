"""voice_gender: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from modules.common.training.entry_points import entry_points
from modules.voice_gender.model import build_model
from modules.voice_gender.signatures import VoiceGenderServable
from modules.voice_gender.task import TASK

run_fn, tuner_fn = entry_points(TASK, build_model, VoiceGenderServable)
