"""Trains for so much processor time, so that models can be compared by what they cost."""

from __future__ import annotations

import math
import time
from pathlib import Path

import keras

_WARM_UP = 0.05
# TensorFlow compiles products in the first ones.
_UNTIMED_STEPS = 5


class TimeLimit(keras.callbacks.Callback):
    """Ends a fit after so much processor time, and plans the learning rate for it."""

    def __init__(self, peak: float, seconds: float) -> None:
        """Takes the highest learning rate, and how long the fit is."""
        super().__init__()
        self._peak, self._seconds = peak, seconds
        self._began_s = 0.0
        self.steps = 0

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Sets the step's rate."""
        self.model.optimizer.learning_rate = self._peak * self._rate(self._done())

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Counts, and looks at the clock."""
        self.steps += 1
        if self.steps == _UNTIMED_STEPS:
            self._began_s = time.process_time()
        if self._done() >= 1:
            self.model.stop_training = True

    def _done(self) -> float:
        if self.steps < _UNTIMED_STEPS:
            return 0.0
        return min(1.0, (time.process_time() - self._began_s) / self._seconds)

    def _rate(self, done: float) -> float:
        if done < _WARM_UP:
            return (done + 1e-3) / (_WARM_UP + 1e-3)
        return 0.5 * (1 + math.cos(math.pi * (done - _WARM_UP) / (1 - _WARM_UP)))


def latest(folder: Path) -> Path:
    """Gives the path in a folder whose name is the highest number."""
    return max(folder.iterdir(), key=lambda path: int(path.name))
