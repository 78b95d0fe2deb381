"""Makes the section on what Evaluator measured."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from gallery.drawing.bars import Bar, draw_bars
from gallery.report.pieces import Table
from modules.common.declaring.metrics import Gain
from modules.common.declaring.task import Metric, Task
from pipelines.run_record import RunRecord

_MOST_SLICES = 24
_COUNT = "example_count"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One metric.

    Attributes:
        name: As the task calls it.
        doc: What it measures, with the direction that is better.
        drawing: The model's value beside the baselines', with the gate's floor.
        gate: The gate in words, or nothing.
        passed: Whether it let the model through; `None` where there is none.
        slices: Bars for each feature that the examples are split by, with what they show.
    """

    name: str
    doc: str
    drawing: Markup
    gate: str
    passed: bool | None
    slices: Sequence[tuple[str, Markup]]


@dataclass(frozen=True, kw_only=True)
class Measures:
    """The section.

    Attributes:
        metrics: In the order of the declaration.
        table: All values in figures.
        slices: All values of slices in figures, or `None` where there are none.
    """

    metrics: Sequence[Measured]
    table: Table
    slices: Table | None


def make_section(task: Task, record: RunRecord) -> Measures | None:
    """Draws a run's metrics.

    Args:
        task: The declaration.
        record: The run.

    Returns:
        The section, or `None` where nothing was measured.
    """
    known = [metric for metric in task.metrics if metric.name in record.metrics]
    if not known:
        return None
    slices = _read_slices(record.paths.get("evaluation", ""))
    return Measures(
        metrics=[_draw(metric, record.metrics[metric.name], slices) for metric in known],
        table=_make_table(known, record.metrics),
        slices=_make_slice_table(known, slices) if len(slices) > 1 else None,
    )


def _read_slices(folder: str) -> Mapping[str, Mapping[str, float]]:
    if not folder or not os.path.isdir(folder):
        return {}
    from modules.common.evaluating.slices import slice_values

    return slice_values(folder)


def _write(metric: Metric, value: float | None) -> str:
    """Writes a metric's value as people read it."""
    if value is None or not math.isfinite(value):
        return "none"
    return metric.format(value)


def _draw(
    metric: Metric, figure: Mapping[str, Any], slices: Mapping[str, Mapping[str, float]]
) -> Measured:
    error = float(figure.get("standard_error") or 0.0)
    text = _write(metric, figure["value"]) + (f" ± {_write(metric, error)}" if error else "")
    bars = [Bar(name="model", value=_number(figure["value"]), text=text, error=error, is_main=True)]
    bars += [
        Bar(name=name, value=_number(value), text=_write(metric, value))
        for name, value in figure.get("baselines", {}).items()
    ]
    floor = metric.gate.floor if metric.gate else None
    sign = "at least" if metric.better == "higher" else "at most"
    drawing = draw_bars(
        f"{metric.name}: the model beside its baselines",
        bars,
        mark=floor,
        mark_name=f"gate: {sign} {_write(metric, floor)}" if floor is not None else "",
        most=_most(metric),
    )
    return Measured(
        name=metric.name,
        doc=f"{metric.doc}; {metric.better} is better",
        drawing=Markup(drawing),
        gate=figure.get("gate") or "",
        passed=figure.get("passed"),
        slices=_draw_slices(metric, slices),
    )


def _most(metric: Metric) -> float | None:
    """Gives the greatest value that there can be, which is a bar's whole length; `None` if none."""
    return 1.0 if metric.percent or metric.kind in ("auc", "ece") else None


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _draw_slices(
    metric: Metric, slices: Mapping[str, Mapping[str, float]]
) -> list[tuple[str, Markup]]:
    by_feature: dict[str, list[Bar]] = {}
    for name, values in slices.items():
        feature, is_one, value = name.partition("=")
        measured = values.get(metric.name, math.nan)
        # A metric that TFMA cannot give of a slice has no bar in it.
        if not is_one or "," in feature or not math.isfinite(measured):
            continue
        count = values.get(_COUNT, math.nan)
        of = f" of {count:,.0f}" if math.isfinite(count) else ""
        bar = Bar(name=value or "(nothing)", value=measured, text=_write(metric, measured) + of)
        by_feature.setdefault(feature, []).append(bar)
    drawn = []
    for feature, bars in by_feature.items():
        title = f"{metric.name} by {feature.replace('_', ' ')}"
        shown = sorted(bars, key=lambda bar: _natural(bar.name))[:_MOST_SLICES]
        drawn.append((title, Markup(draw_bars(title, shown, most=_most(metric)))))
    return drawn


def _natural(name: str) -> tuple[float, str]:
    """Sorts numbers by value, ranges by their beginning, and words after them."""
    head = name.split("-")[0]
    try:
        return float(head), name
    except ValueError:
        return math.inf, name


def _word_baseline(metric: Metric, figure: Mapping[str, Any], name: str) -> str:
    words = f"{name} {_write(metric, figure['baselines'][name])}"
    gain = figure.get("gains", {}).get(name, {})
    if gain.get("value") is None or gain.get("standard_error") is None:
        return words
    known = Gain(value=gain["value"], standard_error=gain["standard_error"])
    return f"{words}, {metric.format_gain(known)}"


def _make_table(metrics: Sequence[Metric], figures: Mapping[str, Any]) -> Table:
    rows = []
    for metric in metrics:
        figure = figures[metric.name]
        baselines = "; ".join(_word_baseline(metric, figure, name) for name in figure["baselines"])
        error = figure.get("standard_error")
        passed = {True: "passed", False: "not passed", None: ""}[figure.get("passed")]
        rows.append(
            (
                metric.name,
                _write(metric, figure["value"]),
                _write(metric, error) if error else "",
                baselines,
                figure.get("gate") or "",
                passed,
            )
        )
    return Table(
        caption="Metrics over the whole evaluation split",
        head=("metric", "value", "standard error", "baselines", "gate", "verdict"),
        rows=tuple(rows),
        numeric=frozenset({1, 2}),
    )


def _make_slice_table(
    metrics: Sequence[Metric], slices: Mapping[str, Mapping[str, float]]
) -> Table:
    rows = [
        (
            name.replace("=", " = "),
            f"{values.get(_COUNT, math.nan):,.0f}",
            *(_write(metric, values.get(metric.name)) for metric in metrics),
        )
        for name, values in sorted(slices.items(), key=lambda item: _natural_slice(item[0]))
    ]
    return Table(
        caption="Metrics by slice",
        head=("slice", "examples", *(metric.name for metric in metrics)),
        rows=tuple(rows),
        numeric=frozenset(range(1, 2 + len(metrics))),
    )


def _natural_slice(name: str) -> tuple[str, float, str]:
    feature, is_one, value = name.partition("=")
    return (feature, *_natural(value)) if is_one else ("", 0.0, name)
