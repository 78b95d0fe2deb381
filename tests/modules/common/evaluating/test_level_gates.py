"""Gates that let a tie with a baseline through: of paired scores, by TFMA's own validator."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from combining import compute
from tensorflow_model_analysis.evaluators import metrics_validator
from tensorflow_model_analysis.metrics import metric_types

from modules.common.declaring.task import Gate, Metric, Task
from modules.common.evaluating import evaluation
from modules.common.evaluating.metrics import LINKS
from modules.common.evaluating.standard_errors import GainAndError

Declare = Callable[..., Task]
LEAD = "m_gain_over_linear_and_standard_error"
BLESSED = {"m": 0.9, "m_gain_over_naive": 0.4, LEAD: 0.0}


def gated(better: Literal["higher", "lower"] = "higher") -> Metric:
    gate = Gate(baseline="naive", min_gain=0.05, level_with="linear")
    return Metric(name="m", doc="", better=better, baselines=("naive", "linear"), gate=gate)


def lead_of(metric: Metric, declare: Declare, scores: np.ndarray, minus: np.ndarray) -> float:
    """What the metric that the configuration declares makes of scores."""
    [spec] = evaluation.eval_config(declare(metrics=(metric,))).metrics_specs
    [config] = [each for each in spec.metrics if each.class_name == "GainAndError"]
    arguments = json.loads(config.config)
    assert arguments["name"] == LEAD
    columns = {"m__score": scores, "m__linear": minus, "m__weight": np.ones(len(scores))}
    return compute(GainAndError(**arguments), columns)


def failed(declare: Declare, values: dict[str, float]) -> set[str]:
    """Names of what does not pass."""
    config = tfma.utils.update_eval_config_with_defaults(
        evaluation.eval_config(declare(metrics=(gated(),))), has_baseline=False, rubber_stamp=True
    )
    metrics = {metric_types.MetricKey(name): value for name, value in values.items()}
    found = metrics_validator.validate_metrics(((), metrics), config)
    return {
        failure.metric_key.name
        for validation in found.metric_validations_per_slice
        for failure in validation.failures
    }


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_what_passes_is_behind_by_a_standard_error_at_most(
    better: Literal["higher", "lower"], declare: Declare
) -> None:
    rng = np.random.default_rng(3)
    verdicts = []
    for share in (0.3, 0.5, 0.7, 0.9, 1.0):
        minus = (rng.random(100) < 0.7).astype(float)
        scores = np.where(rng.random(100) < 0.6, minus, (rng.random(100) < share).astype(float))
        gains = scores - minus if better == "higher" else minus - scores
        expected = gains.mean() + gains.std(ddof=1) / math.sqrt(100)
        lead = lead_of(gated(better), declare, scores, minus)
        assert lead == pytest.approx(expected, abs=1e-9)
        refused = LEAD in failed(declare, BLESSED | {LEAD: lead})
        assert refused == (expected < -1e-6)
        verdicts.append(refused)
    assert set(verdicts) == {True, False}


@pytest.mark.parametrize("link", sorted(LINKS))
def test_of_a_ratio_it_is_the_gain_and_its_error(link: str) -> None:
    rng = np.random.default_rng(4)
    weights = rng.integers(1, 9, 200).astype(float)
    columns = {name: weights * rng.gamma(2.0, 0.2, 200) for name in ("s", "b")}

    def gain(rows: np.ndarray) -> float:
        mine, other = (LINKS[link](columns[n][rows].sum() / weights[rows].sum()) for n in "sb")
        return mine - other

    drawn = np.std([gain(rng.integers(0, 200, 200)) for _ in range(2000)])
    metric = GainAndError(name="g", score="s", weight="w", minus="b", link=link)
    found = compute(metric, columns | {"w": weights})
    assert found - gain(np.arange(200)) == pytest.approx(drawn, rel=0.1)


def test_a_tie_passes_and_the_other_condition_holds_on(declare: Declare) -> None:
    assert failed(declare, BLESSED) == set()
    assert failed(declare, BLESSED | {LEAD: -1e-3}) == {LEAD}
    assert failed(declare, BLESSED | {LEAD: math.nan}) == {LEAD}
    assert failed(declare, BLESSED | {"m_gain_over_naive": 0.04}) == {"m_gain_over_naive"}


def test_it_is_said() -> None:
    words = evaluation.describe_gate(gated())
    assert words == "> naive by 0.05, not behind linear by more than a standard error"
    gate = gated().gate
    assert gate is not None and gate.rivals == ("naive", "linear")
