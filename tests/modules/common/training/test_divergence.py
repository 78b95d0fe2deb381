"""A training that diverged is told from one that learned little, on fits of a tiny model."""

from __future__ import annotations

import json
import math
from pathlib import Path

import keras
import numpy as np
import pytest

from modules.common.declaring.registry import load_task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.runtime.errors import GateError
from modules.common.training import divergence
from modules.common.training.callbacks import callbacks, writers

_TASK = load_task("name_gender")


def fit(learning_rate: float, log_dir: Path, optimizer: type, patience: int = 0) -> dict:
    """Fits a line, as `loop.run` does, and checks it."""
    settings = TrainingSettings(epochs=3, learning_rate=learning_rate, patience=patience)
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer(learning_rate), "mse")
    x = np.random.default_rng(1).normal(size=(40, 2)).astype(np.float32)
    watch = divergence.LossWatch()
    model.fit(
        x,
        x[:, :1],
        batch_size=10,
        epochs=3,
        validation_data=(x, x[:, :1]),
        callbacks=[*callbacks(settings, 3, 4), *writers(str(log_dir), 3, 4), watch],
        verbose=0,
    )
    divergence.check(model, watch, _TASK, settings, str(log_dir))
    return json.loads((log_dir / divergence.FIT_FILE).read_text())


@pytest.mark.parametrize("patience", [0, 2])
@pytest.mark.parametrize(
    ("optimizer", "found"),
    [(keras.optimizers.SGD, "the loss is (nan|inf)"), (keras.optimizers.Adam, "a weight is as")],
)
def test_a_learning_rate_far_too_high_ends_the_run(
    optimizer: type, found: str, patience: int, tmp_path: Path
) -> None:
    with pytest.raises(GateError, match=found) as caught:
        fit(1e12, tmp_path, optimizer, patience)
    assert str(caught.value).startswith("the training diverged: in epoch ")
    assert str(caught.value).endswith("--learning-rate 0.0005, the default, now 1e+12")


def test_a_good_fit_is_let_through(tmp_path: Path) -> None:
    fitted = fit(0.1, tmp_path, keras.optimizers.SGD)
    assert 0 < fitted["kept_loss"] < fitted["first_loss"]
    assert divergence.rose(str(tmp_path)) == ""


def test_a_loss_that_rose_is_said_afterwards(tmp_path: Path) -> None:
    fitted = fit(30.0, tmp_path, keras.optimizers.Adam)
    assert fitted["kept_loss"] > 3 * fitted["first_loss"]
    assert divergence.rose(str(tmp_path)).startswith("The training diverged: the loss rose from ")


def test_nothing_is_said_of_what_was_not_trained(tmp_path: Path) -> None:
    assert divergence.rose(str(tmp_path)) == ""


def test_the_best_weights_count_where_they_are_kept() -> None:
    watch = divergence.LossWatch()
    watch.val_losses = [0.5, 0.4, math.nan]
    assert watch.find_kept_loss(TrainingSettings(patience=2)) == 0.4
    assert math.isnan(watch.find_kept_loss(TrainingSettings(patience=0)))


def test_a_rate_that_is_no_higher_than_the_default_is_to_be_lower() -> None:
    said = divergence.advice(_TASK, TrainingSettings(learning_rate=5e-4))
    assert "--learning-rate 5e-05, now 0.0005" in said
