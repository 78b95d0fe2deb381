"""The parts of a task's declaration: features, served fields, metrics and their gates.

No TensorFlow here, as in all that a declaration imports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from modules.common.errors import TaskError

Value = bool | int | float | str
Dtype = Literal["float32", "int64", "string", "uint8", "bool"]
Shape = tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One transformed feature: what `preprocessing_fn` must give.

    Attributes:
        name: Key in the dictionary that `preprocessing_fn` returns.
        dtype: Element type. Files hold `uint8` as bytes: `preprocessing_fn` gives it packed by
            `modules.common.tensors.pack`, and whoever reads it gets it unpacked.
        shape: Shape of one example, without the batch dimension. Where it begins with `None`,
            examples differ in length: `preprocessing_fn` gives float32 or int64 packed by
            `modules.common.tensors.pack_ragged`, and whoever reads it gets it filled up with
            zeros to the longest of the batch.
    """

    name: str
    dtype: Dtype
    shape: Shape = ()


@dataclass(frozen=True, kw_only=True)
class Field:
    """One input or output of a serving signature.

    Attributes:
        name: Name in the signature.
        dtype: Element type.
        shape: Shape of one example, without the batch dimension; `None` is any length.
        doc: What it means, with unit and range, for a person.
        default: Of an input that a request may leave out: what one example then gets; an empty
            list where the shape has a dimension of any length, and there is nothing.
    """

    name: str
    dtype: Dtype
    shape: Shape = ()
    doc: str = ""
    default: Value | list | None = None


@dataclass(frozen=True, kw_only=True)
class Gate:
    """When a metric lets a model pass.

    Attributes:
        baseline: Name of the naive baseline, fitted in the same run and scored on the same
            examples, that the metric has to beat; several, where it has to beat each of them.
            `None` sets no such condition.
        min_gain: By how much it has to be beaten, in the metric's unit; the comparison is strict.
        floor: Worst value that passes, whatever the baseline. `None` sets no such condition.
        max_drop: How much worse than the last blessed model it may be, in the metric's unit.
            `None` sets no such condition.
    """

    baseline: str | tuple[str, ...] | None = None
    min_gain: float = 0.0
    floor: float | None = None
    max_drop: float | None = None

    @property
    def baselines(self) -> tuple[str, ...]:
        """Names of the baselines that have to be beaten."""
        if self.baseline is None:
            return ()
        return (self.baseline,) if isinstance(self.baseline, str) else self.baseline


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One figure that Evaluator computes from the per-example scores of `evaluate`.

    A `ratio` metric is `link(sum of scores / sum of weights)`; its scores are the outputs
    `<name>__score` and `<name>__weight` of the signature, and for each baseline
    `<name>__<baseline>`. An `auc` or `ece` metric reads `<name>__score` as the probability of the
    positive class and `<name>__label` as 0 or 1. A `bleu` metric reads `<name>__sums`, which
    `modules.common.ngrams.bleu_sums` gives; a `distinct` metric reads `<name>__keys`, which
    `modules.common.ngrams.ngram_keys` gives, and is distinct n-grams over n-grams of all examples.

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
        for wanted in self.gate.baselines if self.gate else ():
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


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What `serving_default` takes and gives.

    Attributes:
        inputs: What a person has.
        outputs: What a person wants.
        example: One request by input name, as a batch of one or more: the warm-up request,
            what ServingValidator sends, and what the documentation shows.
        classify: Whether `serve_examples` answers Classify, with `classes` and `scores`.
        max_examples: Most examples in one request to the server. What takes long for an example
            allows few, so that one caller cannot keep the model for an hour.
    """

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    example: Mapping[str, list]
    classify: bool = False
    max_examples: int = 256

    def __post_init__(self) -> None:
        """Raises `TaskError` where its own example would be refused."""
        rows = max((len(values) for values in self.example.values()), default=1)
        if rows > self.max_examples:
            raise TaskError(
                f"serving: the example has {rows} rows, and max_examples is {self.max_examples}"
            )
