"""From the declared metrics to Evaluator's configuration, and from its output to figures.

Every gate is a TFMA threshold. A gain over a baseline is a metric of its own, computed from the
model's and the baseline's scores on the same examples, and must lie above a constant; so Evaluator
blesses without knowing what a baseline is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2

from modules.common.declaring.metrics import Gain
from modules.common.declaring.task import Metric, Task
from modules.common.evaluating.figures import Figure
from modules.common.evaluating.slices import slice_values
from modules.common.runtime.plain_paths import PlainPaths

_MODULE = "modules.common.evaluating.metrics"
_TEXT_MODULE = "modules.common.evaluating.text_metrics"
_ERROR_MODULE = "modules.common.evaluating.standard_errors"
_GROUP_MODULE = "modules.common.evaluating.grouping"
EXAMPLE_COUNT = "example_count"
"""The metric that says how many examples a slice has, by TFMA's name for it."""
# TFMA's bounds let equality pass; a model that is no better than its baseline must not.
_STRICTLY = 1e-6


def eval_config(task: Task) -> config_pb2.EvalConfig:
    """Makes Evaluator's configuration of the declared metrics, gates and slices."""
    configs = [config for metric in task.metrics for config in _metric_configs(metric)]
    return config_pb2.EvalConfig(
        model_specs=[config_pb2.ModelSpec(signature_name="evaluate", model_type=tfma.TF_GENERIC)],
        metrics_specs=[
            config_pb2.MetricsSpec(
                metrics=[
                    _config("GroupedExampleCount", {"name": EXAMPLE_COUNT}, module=_GROUP_MODULE),
                    *configs,
                ]
            )
        ],
        slicing_specs=[
            config_pb2.SlicingSpec(),
            *(config_pb2.SlicingSpec(feature_keys=[name]) for name in task.slices),
        ],
    )


def gain_name(metric: Metric, baseline: str) -> str:
    """Name of the metric that says by how much `metric` beats `baseline`."""
    return f"{metric.name}_gain_over_{baseline}"


def standard_error_name(metric: Metric, baseline: str = "") -> str:
    """Name of the metric that says how sure `metric` is, or its gain over a baseline."""
    return f"{gain_name(metric, baseline) if baseline else metric.name}_standard_error"


def lead_name(metric: Metric, baseline: str) -> str:
    """Name of the metric that says what the gain is at most, of a baseline that may be tied."""
    return f"{gain_name(metric, baseline)}_and_standard_error"


def _metric_configs(metric: Metric) -> Iterator[config_pb2.MetricConfig]:
    if metric.kind == "ratio":
        yield from _ratio_configs(metric)
        return
    name = {"name": metric.name}
    threshold = _threshold(metric)
    if metric.kind == "bleu":
        arguments = name | {"sums": f"{metric.name}__sums"}
        yield _config("CorpusBleu", arguments, threshold, _TEXT_MODULE)
    elif metric.kind == "distinct":
        arguments = name | {"keys": f"{metric.name}__keys"}
        yield _config("DistinctNgrams", arguments, threshold, _TEXT_MODULE)
    else:
        outputs = {"score": f"{metric.name}__score", "label": f"{metric.name}__label"}
        yield _config("BinaryCurve", name | outputs | {"kind": metric.kind}, threshold)
        if metric.kind == "auc":
            error = {"name": standard_error_name(metric)}
            yield _config("AreaStandardError", error | outputs, module=_ERROR_MODULE)


def _ratio_configs(metric: Metric) -> Iterator[config_pb2.MetricConfig]:
    """The metric itself, and for each baseline its value and the gain over it."""
    common = {"weight": f"{metric.name}__weight", "link": metric.link}
    own = {"name": metric.name, "score": f"{metric.name}__score"}
    yield _config("RatioOfSums", own | common, _threshold(metric))
    error = own | {"name": standard_error_name(metric)}
    yield _config("RatioStandardError", error | common, module=_ERROR_MODULE)
    for baseline in metric.baselines:
        scores = f"{metric.name}__{baseline}"
        yield _config(
            "RatioOfSums", {"name": f"{metric.name}_{baseline}", "score": scores} | common
        )
        gain = {
            "name": gain_name(metric, baseline),
            "score": f"{metric.name}__score",
            "minus": scores,
            "lower_is_better": metric.better == "lower",
        }
        yield _config("RatioOfSums", gain | common, _gain_threshold(metric, baseline))
        error = {"name": standard_error_name(metric, baseline), "minus": scores}
        yield _config("RatioStandardError", own | error | common, module=_ERROR_MODULE)
        if metric.gate is not None and baseline in metric.gate.equals:
            lead = gain | {"name": lead_name(metric, baseline)}
            yield _config("GainAndError", lead | common, _not_below(-_STRICTLY), _ERROR_MODULE)


def _config(
    class_name: str,
    arguments: Mapping[str, object],
    threshold: config_pb2.MetricThreshold | None = None,
    module: str = _MODULE,
) -> config_pb2.MetricConfig:
    config = config_pb2.MetricConfig(
        class_name=class_name, module=module, config=json.dumps(arguments)
    )
    if threshold is not None:
        # A plain threshold would hold for every slice, the smallest too.
        config.per_slice_thresholds.add(
            slicing_specs=[config_pb2.SlicingSpec()], threshold=threshold
        )
    return config


def _threshold(metric: Metric) -> config_pb2.MetricThreshold | None:
    """The conditions on the metric itself: its floor, and its change since the last blessing."""
    gate = metric.gate
    if gate is None or (gate.floor is None and gate.max_drop is None):
        return None
    higher = metric.better == "higher"
    threshold = config_pb2.MetricThreshold()
    if gate.floor is not None:
        bound = "lower_bound" if higher else "upper_bound"
        threshold.value_threshold.CopyFrom(
            config_pb2.GenericValueThreshold(**{bound: {"value": gate.floor}})
        )
    if gate.max_drop is not None:
        direction = config_pb2.MetricDirection
        threshold.change_threshold.CopyFrom(
            config_pb2.GenericChangeThreshold(
                direction=direction.HIGHER_IS_BETTER if higher else direction.LOWER_IS_BETTER,
                absolute={"value": -gate.max_drop if higher else gate.max_drop},
            )
        )
    return threshold


def _gain_threshold(metric: Metric, baseline: str) -> config_pb2.MetricThreshold | None:
    if metric.gate is None or baseline not in metric.gate.baselines:
        return None
    return _not_below(metric.gate.min_gain + _STRICTLY)


def _not_below(bound: float) -> config_pb2.MetricThreshold:
    return config_pb2.MetricThreshold(
        value_threshold=config_pb2.GenericValueThreshold(lower_bound={"value": bound})
    )


def figures(task: Task, evaluation_dir: str) -> list[Figure]:
    """Reads what Evaluator measured over the whole evaluation split.

    Args:
        task: The declaration.
        evaluation_dir: The Evaluator's `evaluation` artifact.

    Returns:
        One figure for each declared metric.
    """
    values = slice_values(evaluation_dir)["overall"]
    failed = _failed_metrics(evaluation_dir)
    return [
        Figure(
            name=metric.name,
            value=values[metric.name],
            baselines={name: values[f"{metric.name}_{name}"] for name in metric.baselines},
            gate=describe_gate(metric),
            passed=_passes(metric, failed),
            standard_error=values.get(standard_error_name(metric)),
            gains=_read_gains(metric, values),
        )
        for metric in task.metrics
    ]


def _read_gains(metric: Metric, values: Mapping[str, float]) -> dict[str, Gain]:
    errors = {name: values.get(standard_error_name(metric, name)) for name in metric.baselines}
    return {
        name: Gain(value=values[gain_name(metric, name)], standard_error=error)
        for name, error in errors.items()
        if error is not None
    }


def describe_gate(metric: Metric) -> str:
    """Says a gate in words, as people read it beside the figure."""
    gate = metric.gate
    if gate is None:
        return ""
    sign, worse = (">", "below") if metric.better == "higher" else ("<", "above")
    parts = []
    if gate.baselines:
        margin = f" by {metric.format(gate.min_gain)}" if gate.min_gain else ""
        parts.append(f"{sign} {' and '.join(gate.baselines)}{margin}")
    if gate.equals:
        parts.append(f"not behind {' or '.join(gate.equals)} by more than a standard error")
    if gate.floor is not None:
        parts.append(f"{sign}= {metric.format(gate.floor)}")
    if gate.max_drop is not None:
        drop = metric.format(gate.max_drop)
        parts.append(f"at most {drop} {worse} the last blessed model")
    return ", ".join(parts)


def _failed_metrics(evaluation_dir: str) -> set[str]:
    with PlainPaths() as paths:
        validation = tfma.load_validation_result(paths.plain(evaluation_dir))
    return {
        failure.metric_key.name
        for slice_validation in validation.metric_validations_per_slice
        for failure in slice_validation.failures
    }


def _passes(metric: Metric, failed: set[str]) -> bool | None:
    if metric.gate is None:
        return None
    gains = {gain_name(metric, baseline) for baseline in metric.gate.baselines}
    leads = {lead_name(metric, baseline) for baseline in metric.gate.equals}
    return not failed & {metric.name, *gains, *leads}
