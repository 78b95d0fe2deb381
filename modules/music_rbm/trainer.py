"""music_rbm: the Trainer's and the Tuner's entry points."""

from __future__ import annotations

from modules.common.training.entry_points import entry_points
from modules.music_rbm.augment import transpose
from modules.music_rbm.model import build_model
from modules.music_rbm.report import write_report
from modules.music_rbm.signatures import MusicRbmServable
from modules.music_rbm.task import TASK

run_fn, tuner_fn = entry_points(
    TASK, build_model, MusicRbmServable, augment=transpose, report=write_report
)
