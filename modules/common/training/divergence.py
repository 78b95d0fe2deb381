"""Tells a training that diverged from one that merely learned too little.

Weights or losses that are no numbers, or weights beyond any that a fit arrives at, end the run
here: nothing that comes after has anything to say of them. A loss that rose is written down, for
whoever explains why the gate refused the model.
"""

from __future__ import annotations

import json
import math
import os

import keras
import numpy as np
import tensorflow as tf

from modules.common.declaring.settings import as_dict
from modules.common.declaring.task import Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.runtime.errors import GateError

FIT_FILE = "fit.json"
# Layers begin with weights of about one or less, and a fit changes them by about one.
_LARGEST_WEIGHT = 1e5
_ROSE_BY = 3.0


class LossWatch(keras.callbacks.Callback):
    """Keeps the loss of the first batch, before anything was learned, and those of the epochs."""

    def __init__(self) -> None:
        """Has seen nothing yet."""
        super().__init__()
        self.first = math.nan
        self.val_losses: list[float] = []
        self._is_first = True

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Notes the first."""
        if self._is_first:
            self._is_first = False
            self.first = _loss(logs, "loss")

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Notes the epoch's."""
        self.val_losses.append(_loss(logs, "val_loss"))

    def find_kept_loss(self, settings: TrainingSettings) -> float:
        """Gives the loss on held-out examples of the weights that are kept.

        Args:
            settings: With a `patience` the best weights are, else the last.
        """
        numbers = [loss for loss in self.val_losses if math.isfinite(loss)]
        if settings.patience and numbers:
            return min(numbers)
        return self.val_losses[-1] if self.val_losses else math.nan


def check(
    model: keras.Model, watch: LossWatch, task: Task, settings: TrainingSettings, log_dir: str
) -> None:
    """Ends the run where the training diverged, and writes down how the loss went.

    Args:
        model: With the weights that are kept.
        watch: What saw the fit.
        task: Gives the default of the learning rate.
        settings: Resolved settings.
        log_dir: Where `FIT_FILE` goes; nothing is written where it is empty.

    Raises:
        GateError: If a weight or the loss is no number, or a weight is beyond all bounds.
    """
    kept = watch.find_kept_loss(settings)
    if log_dir:
        tf.io.gfile.makedirs(log_dir)
        with tf.io.gfile.GFile(os.path.join(log_dir, FIT_FILE), "w") as file:
            file.write(json.dumps({"first_loss": watch.first, "kept_loss": kept}))
    weights = [np.asarray(variable.value, np.float32) for variable in model.trainable_weights]
    largest = max((float(np.abs(values).max(initial=0.0)) for values in weights), default=0.0)
    is_sound = math.isfinite(kept) and math.isfinite(largest) and largest <= _LARGEST_WEIGHT
    if is_sound:
        return
    if math.isfinite(kept):
        found = f"a weight is as large as {largest:.2g}"
    else:
        found = f"the loss is {kept}"
    raise GateError(
        f"the training diverged: in epoch {len(watch.val_losses)} {found}; the loss began at "
        f"{watch.first:.4g}. "
        f"{advice(task, settings)}"
    )


def advice(task: Task, settings: TrainingSettings) -> str:
    """Says what to do about a training that diverged.

    Args:
        task: Gives the default of the learning rate.
        settings: Resolved settings.
    """
    rate = settings.learning_rate
    default = float(as_dict(task.settings())["learning_rate"])
    lower = default if default < rate else rate / 10
    usual = ", the default" if lower == default else ""
    return f"Lower the learning rate: --learning-rate {lower:g}{usual}, now {rate:g}"


def rose(log_dir: str) -> str:
    """Says that the loss of a fit rose, or an empty string where it did not.

    Args:
        log_dir: Where `check` wrote.
    """
    path = os.path.join(log_dir, FIT_FILE)
    if not tf.io.gfile.exists(path):
        return ""
    with tf.io.gfile.GFile(path) as file:
        fit = json.loads(file.read())
    first, kept = float(fit["first_loss"]), float(fit["kept_loss"])
    if first > 0 and kept > _ROSE_BY * first:
        return f"The training diverged: the loss rose from {first:.4g} to {kept:.4g}."
    return ""


def _loss(logs: dict | None, name: str) -> float:
    return float(np.asarray((logs or {}).get(name, math.nan)))
