"""What is measured of a model, and when it passes, as tasks declare it. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from modules.common.declaring.features import Feature
from modules.common.runtime.errors import TaskError


@dataclass(frozen=True, kw_only=True)
class Gate:
    """When a metric lets a model pass.

    Attributes:
        baseline: Name of the naive baseline, fitted in the same run and scored on the same
            examples, that the metric has to beat; several, where it has to beat each of them.
            `None` sets no such condition.
        min_gain: By how much it has to be beaten, in the metric's unit; the comparison is strict.
        level_with: Further baselines, or one, that the metric need not beat but may not be behind
            by more than a standard error of the gain, which is of the same examples.
        floor: Worst value that passes, whatever the baseline. `None` sets no such condition.
        max_drop: How much worse than the last blessed model it may be, in the metric's unit.
            `None` sets no such condition.
    """

    baseline: str | tuple[str, ...] | None = None
    min_gain: float = 0.0
    level_with: str | tuple[str, ...] | None = None
    floor: float | None = None
    max_drop: float | None = None

    @property
    def baselines(self) -> tuple[str, ...]:
        """Names of the baselines that have to be beaten."""
        return _as_names(self.baseline)

    @property
    def equals(self) -> tuple[str, ...]:
        """Names of the baselines that it may tie with."""
        return _as_names(self.level_with)

    @property
    def rivals(self) -> tuple[str, ...]:
        """Names of all baselines that it compares with."""
        return (*self.baselines, *self.equals)


def _as_names(said: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if said is None:
        return ()
    return (said,) if isinstance(said, str) else said


@dataclass(frozen=True, kw_only=True)
class Gain:
    """How far a model is ahead of a baseline on the same examples.

    Attributes:
        value: In the metric's unit, positive where the model is better.
        standard_error: Of the value.
    """

    value: float
    standard_error: float

    @property
    def is_tie(self) -> bool:
        """Whether it may be chance: no more than a standard error either way."""
        return abs(self.value) <= self.standard_error


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure that Evaluator computes from the per-example scores of `evaluate`.

    A `ratio` metric is `link(sum of scores / sum of weights)`; its scores are the outputs
    `<name>__score` and `<name>__weight` of the signature, and for each baseline
    `<name>__<baseline>`. An `auc` or `ece` metric reads `<name>__score` as the probability of the
    positive class and `<name>__label` as 0 or 1. A `bleu` metric reads `<name>__sums`, which
    `evaluating.ngrams.bleu_sums` gives; a `distinct` metric reads `<name>__keys`, which
    `evaluating.ngrams.ngram_keys` gives, and is distinct n-grams over n-grams of all examples.

    Attributes:
        name: As the field says it: `accuracy`, `auc`, `mape`, `perplexity`.
        doc: What it measures, with its unit.
        better: Whether a higher or a lower value is better.
        kind: How the per-example scores are put together.
        link: Applied to the ratio: `exp` makes a perplexity of a mean negative log-likelihood,
            `psnr` decibels of a mean squared error of values in [0, 1].
        baselines: Names of the baselines whose scores `evaluate` carries.
        gate: Condition for blessing the model, or `None` where the metric only informs.
        percent: Whether people read it as a percentage.
    """

    name: str
    doc: str
    better: Literal["higher", "lower"] = "higher"
    kind: Literal["ratio", "auc", "ece", "bleu", "distinct"] = "ratio"
    link: Literal["identity", "exp", "sqrt", "psnr"] = "identity"
    baselines: tuple[str, ...] = ()
    gate: Gate | None = None
    percent: bool = False

    def __post_init__(self) -> None:
        """Raises `TaskError` where the declaration contradicts itself."""
        if self.kind != "ratio" and self.baselines:
            raise TaskError(f"metric {self.name}: only `ratio` metrics carry baselines")
        for wanted in self.gate.rivals if self.gate else ():
            if wanted not in self.baselines:
                raise TaskError(
                    f"metric {self.name}: its gate asks for the baseline {wanted!r}, "
                    f"and it declares {list(self.baselines)}"
                )

    @property
    def outputs(self) -> tuple[Feature, ...]:
        """What the signature `evaluate` must give for it, without the batch dimension."""
        if self.kind == "bleu":
            return (Feature(name=f"{self.name}__sums", dtype="float32", shape=(None,)),)
        if self.kind == "distinct":
            return (Feature(name=f"{self.name}__keys", dtype="int64", shape=(None,)),)
        second = "weight" if self.kind == "ratio" else "label"
        return tuple(
            Feature(name=f"{self.name}__{what}", dtype="float32")
            for what in ("score", second, *self.baselines)
        )

    def format(self, value: float) -> str:
        """Writes a value as people read it."""
        return f"{value:.2%}" if self.percent else f"{value:.4g}"

    def format_gain(self, gain: Gain) -> str:
        """Says how far ahead of a baseline a model is, and whether that is a tie."""
        if gain.value == 0:
            return "a tie"
        words = "ahead by" if gain.value > 0 else "behind by"
        if gain.is_tie:
            words = f"a tie, {words}"
        return f"{words} {self.format(abs(gain.value))} ± {self.format(gain.standard_error)}"
