"""Learning-rate schedules, progress and the learning curve, on a fit of a tiny model."""

from __future__ import annotations

import csv
from pathlib import Path

import keras
import numpy as np
import pytest

from modules.common.declaring.settings import change
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.runtime import progress
from modules.common.training.callbacks import CURVE_FILE, CosineDecay, StepLimit, callbacks, writers
from modules.common.training.loop import epochs_of, word_longer

_SETTINGS = TrainingSettings(epochs=3, learning_rate=0.1, schedule="cosine")


def fit(settings: TrainingSettings, log_dir: Path) -> keras.Model:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(settings.learning_rate), "mse", metrics=["mae"])
    x = np.random.default_rng(1).normal(size=(40, 2)).astype(np.float32)
    model.fit(
        x,
        x[:, :1],
        batch_size=10,
        epochs=settings.epochs,
        validation_data=(x, x[:, :1]),
        callbacks=[
            *callbacks(settings, settings.epochs, 4),
            *writers(str(log_dir), settings.epochs, 4),
        ],
        verbose=0,
    )
    return model


def test_cosine_agrees_with_keras_schedule() -> None:
    steps = 1000
    ours = CosineDecay(0.1, steps)
    theirs = keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=950, warmup_target=0.1, warmup_steps=50
    )
    # Keras counts the warm-up from 0, we from 1, so that no step is lost.
    for step in (50, 300, 525, 999):
        assert ours.rate(step) == pytest.approx(float(theirs(step)), abs=1e-6)
    assert ours.rate(0) == pytest.approx(0.1 / 50)
    assert ours.rate(steps + 5) == pytest.approx(0.0)


def test_cosine_ends_near_zero_and_plateau_keeps_the_rate(tmp_path: Path) -> None:
    assert float(fit(_SETTINGS, tmp_path / "a").optimizer.learning_rate) < 0.01
    kept = fit(change(_SETTINGS, schedule="plateau"), tmp_path / "b")
    assert float(kept.optimizer.learning_rate) == pytest.approx(0.1)


def test_what_falls_by_less_than_asked_for_stands_still(tmp_path: Path) -> None:
    waits = change(_SETTINGS, schedule="plateau", patience=3)
    kept = fit(change(waits, least_fall=0.0), tmp_path / "a")
    assert float(kept.optimizer.learning_rate) == pytest.approx(0.1)
    # The first epoch has none before it; both others fall by less than a million.
    halved = fit(change(waits, least_fall=1e6), tmp_path / "b")
    assert float(halved.optimizer.learning_rate) == pytest.approx(0.1 / 4)


def test_the_curve_has_a_row_for_each_epoch(tmp_path: Path) -> None:
    fit(_SETTINGS, tmp_path)
    with (tmp_path / CURVE_FILE).open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [row["step"] for row in rows] == ["4", "8", "12"]
    minutes = [float(row["minutes"]) for row in rows]
    assert minutes == sorted(minutes)
    assert float(rows[2]["val_loss"]) < float(rows[0]["val_loss"])


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    reports: list[progress.Progress] = []
    with progress.subscribe(reports.append):
        fit(_SETTINGS, tmp_path)
    done = [report.done for report in reports]
    assert done == sorted(done) and done[-1] == 3 and reports[-1].total == 3
    assert any(value != int(value) for value in done)
    assert "val_loss" in reports[-1].figures


@pytest.mark.parametrize(
    ("settings", "steps_per_epoch", "epochs"),
    [
        ({"epochs": 16}, 2, 16),
        ({"epochs": 16, "min_steps": 0}, 2, 16),
        ({"epochs": 16, "min_steps": 801}, 2, 401),
        ({"epochs": 16, "min_steps": 800}, 225, 16),
    ],
)
def test_little_data_is_seen_more_often(
    settings: dict[str, int], steps_per_epoch: int, epochs: int
) -> None:
    assert epochs_of(TrainingSettings(**settings), steps_per_epoch) == epochs


def test_a_run_says_that_it_is_longer_than_was_asked_for() -> None:
    settings = TrainingSettings(epochs=16, min_steps=1200)
    assert word_longer(settings, 16) == ""
    assert word_longer(settings, 17) == "for 1,200 steps (min_steps)"


@pytest.mark.parametrize("limit", [1, 6, 1000])
def test_a_fit_ends_after_so_many_steps(limit: int, tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((40, 2), np.float32)
    model.fit(x, x[:, :1], batch_size=10, epochs=3, callbacks=[StepLimit(limit)], verbose=0)
    assert int(model.optimizer.iterations) == min(limit, 12)


@pytest.mark.parametrize(("limit", "epochs"), [(0, 25), (1, 1), (41, 11), (1000, 25)])
def test_a_limit_of_steps_goes_before_the_least(limit: int, epochs: int) -> None:
    assert epochs_of(TrainingSettings(epochs=3, min_steps=100), 4, limit) == epochs
