"""What came of a metric: its value beside those of the baselines, and what its gate said."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modules.common.declaring.metrics import Gain


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One metric's outcome.

    Attributes:
        name: The metric.
        value: The model's value.
        baselines: The baselines' values, by name.
        gate: The gate in words, or an empty string.
        passed: Whether the gate let it through; `None` where the metric has none.
        standard_error: Of the model's value; `None` for a kind of metric that has none.
        gains: Over the baselines, by name; none where an earlier Lianxi evaluated.
    """

    name: str
    value: float
    baselines: dict[str, float]
    gate: str
    passed: bool | None
    standard_error: float | None = None
    gains: Mapping[str, Gain] = field(default_factory=dict)


def read_figure(name: str, told: Mapping[str, Any]) -> Figure:
    """Makes a figure of what `--json` prints of one.

    Args:
        name: The metric.
        told: `value`, `baselines`, `gate`, `passed`, `standard_error` and `gains`; a number that
            JSON has none for is None.
    """
    gains = told.get("gains") or {}
    return Figure(
        name=name,
        value=_number(told["value"]),
        baselines={each: _number(value) for each, value in told["baselines"].items()},
        gate=told["gate"] or "",
        passed=told["passed"],
        standard_error=told.get("standard_error"),
        gains={
            each: Gain(value=_number(gain["value"]), standard_error=_number(gain["standard_error"]))
            for each, gain in gains.items()
        },
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value
