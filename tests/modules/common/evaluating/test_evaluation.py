"""The gates: what TFMA's own validator makes of the configuration that a task gets."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from sklearn.metrics import roc_auc_score
from tensorflow_model_analysis.evaluators import (
    metrics_plots_and_validations_evaluator,
    metrics_validator,
)
from tensorflow_model_analysis.metrics import metric_types

from modules.common.declaring.task import Gate, Metric, Task
from modules.common.evaluating import evaluation
from modules.common.evaluating.slices import slice_values

Declare = Callable[..., Task]
Columns = Mapping[str, Any]

_ERROR_RATE = Metric(
    name="error",
    doc="",
    better="lower",
    baselines=("naive",),
    gate=Gate(baseline="naive", min_gain=0.02, floor=0.5, max_drop=0.1),
)
_ACCURACY = Metric(
    name="accuracy",
    doc="",
    baselines=("naive", "other"),
    gate=Gate(baseline="naive", min_gain=0.02, floor=0.5, max_drop=0.1),
)


def config_of(task: Task, has_previous: bool = False) -> tfma.EvalConfig:
    """The configuration as TFX's Evaluator changes it before it runs."""
    return tfma.utils.update_eval_config_with_defaults(
        evaluation.eval_config(task), has_baseline=has_previous, rubber_stamp=True
    )


def failed(
    task: Task,
    values: dict[str, float],
    drop: dict[str, float] | None = None,
    slice_key: tuple = (),
) -> set[str]:
    """Names of the metrics that do not pass, by TFMA's validator."""
    model = tfma.CANDIDATE_KEY if drop is not None else ""
    metrics = {metric_types.MetricKey(name, model): value for name, value in values.items()}
    for name, difference in (drop or {}).items():
        metrics[metric_types.MetricKey(name, model, is_diff=True)] = difference
    config = config_of(task, drop is not None)
    result = metrics_validator.validate_metrics((slice_key, metrics), config)
    names = {
        failure.metric_key.name
        for validation in result.metric_validations_per_slice
        for failure in validation.failures
    }
    assert result.validation_ok == (not names)
    return names


def passing(name: str, value: float) -> dict[str, float]:
    return {name: value, f"{name}_gain_over_naive": 0.3}


@pytest.mark.parametrize("metric", [_ACCURACY, _ERROR_RATE], ids=lambda metric: metric.name)
@pytest.mark.parametrize(
    ("gain", "passes"), [(0.03, True), (0.02, False), (0.019, False), (-0.5, False)]
)
def test_the_baseline_must_be_beaten_by_more_than_min_gain(
    declare: Declare, metric: Metric, gain: float, passes: bool
) -> None:
    task = declare(metrics=(metric,))
    values = passing(metric.name, 0.5) | {f"{metric.name}_gain_over_naive": gain}
    expected = set() if passes else {f"{metric.name}_gain_over_naive"}
    assert failed(task, values) == expected


def test_equal_to_the_baseline_is_not_better(declare: Declare) -> None:
    task = declare(
        metrics=(
            Metric(name="accuracy", doc="", baselines=("naive",), gate=Gate(baseline="naive")),
        )
    )
    assert failed(task, {"accuracy_gain_over_naive": 0.0}) == {"accuracy_gain_over_naive"}
    # One more right answer in a hundred thousand is.
    assert failed(task, {"accuracy_gain_over_naive": 1e-5}) == set()


@pytest.mark.parametrize(
    ("metric", "value", "passes"),
    [
        (_ACCURACY, 0.51, True),
        (_ACCURACY, 0.5, True),
        (_ACCURACY, 0.49, False),
        (_ERROR_RATE, 0.49, True),
        (_ERROR_RATE, 0.5, True),
        (_ERROR_RATE, 0.51, False),
    ],
)
def test_the_floor_is_the_worst_value_that_passes(
    declare: Declare, metric: Metric, value: float, passes: bool
) -> None:
    task = declare(metrics=(metric,))
    assert (failed(task, passing(metric.name, value)) == set()) == passes


@pytest.mark.parametrize(
    ("metric", "change", "passes"),
    [
        (_ACCURACY, 0.3, True),
        (_ACCURACY, -0.05, True),
        (_ACCURACY, -0.15, False),
        (_ERROR_RATE, -0.3, True),
        (_ERROR_RATE, 0.05, True),
        (_ERROR_RATE, 0.15, False),
    ],
)
def test_the_last_blessed_model_may_be_worse_by_max_drop_only(
    declare: Declare, metric: Metric, change: float, passes: bool
) -> None:
    task = declare(metrics=(metric,))
    found = failed(task, passing(metric.name, 0.5), drop={metric.name: change})
    assert found == (set() if passes else {metric.name})


@pytest.mark.parametrize("metric", [_ACCURACY, _ERROR_RATE], ids=lambda metric: metric.name)
def test_nan_and_missing_figures_do_not_pass(declare: Declare, metric: Metric) -> None:
    task = declare(metrics=(metric,))
    nothing = {name: math.nan for name in passing(metric.name, 0.5)}
    assert failed(task, nothing) == set(nothing)
    assert failed(task, {}) == set(nothing)


def test_gates_hold_for_all_examples_and_not_for_slices(declare: Declare) -> None:
    task = declare(metrics=(_ACCURACY,), slices=("chars",))
    bad = {"accuracy": 0.0, "accuracy_gain_over_naive": -1.0}
    assert failed(task, bad, slice_key=(("chars", 2),)) == set()
    assert failed(task, bad) == set(bad)


def test_a_metric_without_a_gate_only_informs(declare: Declare) -> None:
    task = declare(metrics=(_ACCURACY, Metric(name="auc", doc="", kind="auc")))
    assert failed(task, passing("accuracy", 0.9) | {"auc": 0.0}) == set()


def test_only_the_named_baseline_gates(declare: Declare) -> None:
    task = declare(metrics=(_ACCURACY,))
    assert failed(task, passing("accuracy", 0.9) | {"accuracy_gain_over_other": -0.4}) == set()


def test_slices_are_measured(declare: Declare) -> None:
    config = evaluation.eval_config(declare(slices=("chars", "split")))
    assert [list(spec.feature_keys) for spec in config.slicing_specs] == [[], ["chars"], ["split"]]


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (_ACCURACY, "> naive by 0.02, >= 0.5, at most 0.1 below the last blessed model"),
        (_ERROR_RATE, "< naive by 0.02, <= 0.5, at most 0.1 above the last blessed model"),
        (Metric(name="auc", doc="", kind="auc"), ""),
        (Metric(name="auc", doc="", kind="auc", percent=True, gate=Gate(floor=0.9)), ">= 90.00%"),
    ],
)
def test_a_gate_in_words(metric: Metric, words: str) -> None:
    assert evaluation.describe_gate(metric) == words


def predictions(columns: Columns, row: int) -> dict[str, np.ndarray]:
    return {
        name: np.array([values[row]], np.float32)
        for name, values in columns.items()
        if "__" in name
    }


def evaluate(task: Task, columns: Columns, folder: Path, previous: Columns | None = None) -> None:
    """Runs TFMA's evaluation and writers on scores made by hand, in place of a model's."""
    config = config_of(task, previous is not None)
    extracts = []
    for row, chars in enumerate(columns["chars"]):
        scores: dict[str, Any] = predictions(columns, row)
        if previous is not None:
            scores = {
                tfma.CANDIDATE_KEY: scores,
                tfma.BASELINE_KEY: predictions(previous, row),
            }
        extracts.append(
            {
                tfma.FEATURES_KEY: {"chars": np.array([chars])},
                tfma.PREDICTIONS_KEY: scores,
                tfma.LABELS_KEY: None,
                tfma.EXAMPLE_WEIGHTS_KEY: None,
            }
        )
    slices = tfma.extractors.SliceKeyExtractor(eval_config=config, materialize=False)
    evaluator = metrics_plots_and_validations_evaluator.MetricsPlotsAndValidationsEvaluator(config)
    writers = tfma.default_writers(str(folder), eval_config=config)
    with beam.Pipeline("FnApiRunner") as pipeline:
        measured = (
            pipeline
            | beam.Create(extracts)
            | slices.stage_name >> slices.ptransform
            | evaluator.stage_name >> evaluator.ptransform
        )
        measured | tfma.WriteResults(writers=writers)


@pytest.fixture
def measured_task(declare: Declare) -> Task:
    return declare(
        metrics=(
            _ACCURACY,
            Metric(name="auc", doc="", kind="auc", gate=Gate(floor=0.99)),
            Metric(
                name="perplexity",
                doc="",
                better="lower",
                link="exp",
                baselines=("uniform",),
                gate=Gate(baseline="uniform"),
            ),
        ),
        slices=("chars",),
    )


@pytest.fixture
def columns() -> dict[str, Any]:
    """Scores of 60 names of two or three characters, with two baselines."""
    rng = np.random.default_rng(5)
    right = np.arange(60) % 4 != 0
    label = (np.arange(60) // 3 % 2).astype(float)
    return {
        "chars": np.where(np.arange(60) < 20, 2, 3),
        "accuracy__score": right.astype(float),
        "accuracy__weight": np.ones(60),
        "accuracy__naive": (np.arange(60) % 2 == 0).astype(float),
        "accuracy__other": np.zeros(60),
        "auc__score": np.clip(0.3 * label + 0.7 * rng.random(60), 0, 1),
        "auc__label": label,
        "perplexity__score": np.full(60, 5 * math.log(3)),
        "perplexity__weight": np.full(60, 5.0),
        "perplexity__uniform": np.full(60, 5 * math.log(8)),
    }


def test_figures_of_an_evaluation(
    measured_task: Task, columns: dict[str, Any], tmp_path: Path
) -> None:
    evaluate(measured_task, columns, tmp_path)
    accuracy, auc, perplexity = evaluation.figures(measured_task, str(tmp_path))
    assert accuracy.value == pytest.approx(0.75)
    # A zero is a figure, not a missing one.
    assert accuracy.baselines == {"naive": pytest.approx(0.5), "other": 0.0}
    assert accuracy.passed is True
    pairs, gain = columns["accuracy__score"] - columns["accuracy__naive"], accuracy.gains["naive"]
    expected = (pairs.mean(), pairs.std(ddof=1) / math.sqrt(60))
    assert (gain.value, gain.standard_error) == pytest.approx(expected)
    assert not gain.is_tie and list(accuracy.gains) == ["naive", "other"]
    # Lower is better of this one, and the gain is still positive.
    assert perplexity.gains["uniform"].value == pytest.approx(8 - 3)
    area = roc_auc_score(columns["auc__label"], columns["auc__score"])
    assert auc.value == pytest.approx(area, abs=1e-3) and area < 0.99
    assert auc.passed is False
    assert perplexity.value == pytest.approx(3, rel=1e-5)
    assert perplexity.baselines["uniform"] == pytest.approx(8, rel=1e-5) and perplexity.passed

    slices = slice_values(str(tmp_path))
    assert set(slices) == {"overall", "chars=2", "chars=3"}
    for chars in (2, 3):
        inside, values = columns["chars"] == chars, slices[f"chars={chars}"]
        assert values["example_count"] == inside.sum()
        assert values["accuracy"] == pytest.approx(columns["accuracy__score"][inside].mean())
    assert slices["overall"]["accuracy_gain_over_naive"] == pytest.approx(0.25)
    # The second who reads needs no TFMA.
    (tmp_path / "eval_config.json").unlink()
    assert str(slice_values(str(tmp_path))) == str(slices)


def test_figures_are_the_candidate_s_beside_a_previous_model(
    measured_task: Task, columns: dict[str, Any], tmp_path: Path
) -> None:
    better = columns | {"accuracy__score": np.ones(60)}
    evaluate(measured_task, columns, tmp_path, previous=better)
    accuracy, *_ = evaluation.figures(measured_task, str(tmp_path))
    assert accuracy.value == pytest.approx(0.75)
    # It beats its baseline, and fell by a quarter where a tenth is allowed.
    assert accuracy.passed is False
