"""What watches and steers a fit: early stopping, learning rate, progress, the learning curve."""

from __future__ import annotations

import csv
import math
import os
import time

import keras
import numpy as np
import tensorflow as tf

from modules.common.declaring.training_settings import TrainingSettings
from modules.common.runtime import progress

CURVE_FILE = "curve.csv"
REPORT_FILE = "report.png"
SAID_FILE = "said.txt"
"""A line that a report writes beside its picture, which the run prints."""
_WARM_UP_SHARE = 0.05
_REPORT_EVERY_S = 0.5


def callbacks(
    settings: TrainingSettings, epochs: int, steps_per_epoch: int
) -> list[keras.callbacks.Callback]:
    """Chooses what steers a fit; the same on all workers, since each decides for itself.

    Args:
        settings: `learning_rate`, `patience`, `schedule` and `least_fall` are read; the class says
            what they do.
        epochs: How long the fit is.
        steps_per_epoch: Batches in an epoch.
    """
    patience = settings.patience
    chosen: list[keras.callbacks.Callback] = []
    if patience:
        chosen.append(
            keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
        )
    if settings.schedule == "cosine":
        chosen.append(CosineDecay(settings.learning_rate, epochs * steps_per_epoch))
    elif patience:
        wait = max(1, math.ceil(patience / 3))
        chosen.append(
            keras.callbacks.ReduceLROnPlateau(
                "val_loss", factor=0.5, patience=wait, min_delta=settings.least_fall
            )
        )
    return [*chosen, StopAtNaN()]


def writers(
    log_dir: str, epochs: int, steps_per_epoch: int, where: str = ""
) -> list[keras.callbacks.Callback]:
    """Gives what tells people of a fit and writes it down.

    Args:
        log_dir: Where TensorBoard's logs and the learning curve go.
        epochs: How long the fit is.
        steps_per_epoch: Batches in an epoch.
        where: What the model is trained on, and why so long, where there is something to say.
    """
    return [
        keras.callbacks.TensorBoard(log_dir, profile_batch=0, write_graph=False),
        ProgressReport(epochs, steps_per_epoch, where),
        CurveLogger(os.path.join(log_dir, CURVE_FILE)),
    ]


class StopAtNaN(keras.callbacks.Callback):
    """Ends a fit whose loss is no number any more. Keras' own prints, in words of its own."""

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Looks at the loss."""
        if not np.isfinite(float(np.asarray((logs or {}).get("loss", 0.0)))):
            self.model.stop_training = True


class StepLimit(keras.callbacks.Callback):
    """Ends a fit after so many steps, in the middle of an epoch too."""

    def __init__(self, steps: int) -> None:
        """Sets the limit.

        Args:
            steps: Batches that are trained on at most.
        """
        super().__init__()
        self._left = steps

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Counts."""
        self._left -= 1
        if self._left <= 0:
            self.model.stop_training = True


class CosineDecay(keras.callbacks.Callback):
    """Raises the learning rate over the first 5 % of the steps, then lowers it to zero.

    A callback, not a schedule of the optimizer's, because only the input knows how many steps
    there are.

    Source: Loshchilov & Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017),
    without restarts.
    """

    def __init__(self, peak: float, total_steps: int) -> None:
        """Plans the steps.

        Args:
            peak: Highest learning rate.
            total_steps: Steps of the whole fit.
        """
        super().__init__()
        self._peak = peak
        self._total = max(1, total_steps)
        self._step = 0

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        warm_up = max(1, round(_WARM_UP_SHARE * self._total))
        if step < warm_up:
            return self._peak * (step + 1) / warm_up
        done = min(1.0, (step - warm_up) / max(1, self._total - warm_up))
        return self._peak * 0.5 * (1 + math.cos(math.pi * done))

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Sets the step's rate."""
        self.model.optimizer.learning_rate = self.rate(self._step)
        self._step += 1


class ProgressReport(keras.callbacks.Callback):
    """Tells whoever watches how far the fit is, within epochs too."""

    def __init__(self, epochs: int, steps_per_epoch: int, where: str = "") -> None:
        """Says how long the fit is, and on what."""
        super().__init__()
        self._where = where
        self._epochs = epochs
        self._steps = max(1, steps_per_epoch)
        self._epoch = 0
        self._reported_s = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Notes the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Reports at most twice a second."""
        now_s = time.monotonic()
        if now_s - self._reported_s >= _REPORT_EVERY_S:
            self._reported_s = now_s
            share = min(batch + 1, self._steps) / self._steps
            self._report(round(self._epoch + share, 2), logs)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Reports every epoch."""
        self._report(epoch + 1, logs)

    def _report(self, done: float, logs: dict | None) -> None:
        progress.report(
            progress.Progress(
                done=done,
                total=self._epochs,
                unit="epoch",
                figures=_floats(logs),
                phase=self._where,
            )
        )


class CurveLogger(keras.callbacks.Callback):
    """Writes the learning curve: epoch, step, minutes and every figure, a row an epoch.

    The time that validation takes counts: it is how long a person waited.
    """

    def __init__(self, path: str) -> None:
        """Names the CSV file."""
        super().__init__()
        self._path = path
        self._steps = 0

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Starts the clock."""
        self._began_s = time.monotonic()
        tf.io.gfile.makedirs(os.path.dirname(self._path))

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Counts the steps."""
        self._steps += 1

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Adds a row, with the header before the first."""
        minutes = (time.monotonic() - self._began_s) / 60
        row = {"epoch": epoch + 1, "step": self._steps, "minutes": round(minutes, 3)}
        row |= {name: round(value, 6) for name, value in _floats(logs).items()}
        with tf.io.gfile.GFile(self._path, "a" if epoch else "w") as file:
            writer = csv.DictWriter(file, fieldnames=list(row))
            if not epoch:
                writer.writeheader()
            writer.writerow(row)


def _floats(logs: dict | None) -> dict[str, float]:
    return {name: float(np.asarray(value)) for name, value in (logs or {}).items()}
