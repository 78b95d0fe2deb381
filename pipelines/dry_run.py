"""What a dry run found: the data was read and held against the schema, and nothing was trained.

All of it is read from what ExampleGen, StatisticsGen and ExampleValidator wrote, which the run that
trains takes from the cache.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.dsl.io import fileio
from tfx.types.standard_artifacts import ExampleStatistics

from components.anomaly_gate import describe_anomalies
from components.class_counts import class_counts, read_split
from components.example_gen import quarantine
from components.example_gen.records import BAD, SPLITS
from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import Amount, Source
from modules.common.declaring.training_settings import TrainingSettings
from pipelines.results import RunResult

# What differs between reasons of one kind: what is quoted, paths, names of files, numbers.
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\S*[/\\]\S*|\S+\.[A-Za-z]\w{1,4}\b|\d[\d.,]*")
_MOST_REASONS = 100
OTHER_REASONS = "other reasons"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be trained.

    Attributes:
        examples: Examples to train on.
        epochs: Times that they would be gone through.
        steps: Training steps in all.
        batch_size: Examples of a step.
        tune: Whether settings would be searched for before.
        metrics: What it would be measured by on the other split, with what each is gated against.
    """

    examples: int
    epochs: int
    steps: int
    batch_size: int
    tune: bool
    metrics: Mapping[str, list[str]]


@dataclass(kw_only=True)
class Findings:
    """What the data of a task holds; empty where the run did not come so far.

    Attributes:
        by_split: Examples by split.
        amounts: By what is counted, then by split, such as `speakers`.
        values: By raw feature, split and value: how many examples have it, of classes and of what
            metrics are given by.
        quarantined: Bad records by reason.
        set_aside: Records that are well and not used, by reason.
        anomalies: What does not follow the schema, a line each.
        plan: What would be trained; `None` where nothing would.
    """

    by_split: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, dict[str, float]] = field(default_factory=dict)
    values: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    set_aside: dict[str, int] = field(default_factory=dict)
    anomalies: list[str] = field(default_factory=list)
    plan: Plan | None = None

    def to_json(self) -> dict[str, Any]:
        """Gives them as `--json` prints them."""
        return asdict(self)


def find(result: RunResult, source: Source, settings: Settings, tune: bool) -> Findings:
    """Reads what a dry run found, as far as it came.

    Args:
        result: What came of its components.
        source: The layout that was read.
        settings: Resolved settings.
        tune: Whether a Tuner would search settings.
    """
    found = Findings()
    outputs = {each.name: each.outputs for each in result.outcomes if each.outputs}
    if "ExampleGen" in outputs and result.counts:
        found.by_split = dict(result.counts.by_split)
        rejects = quarantine.rejects_path(outputs["ExampleGen"]["examples"][0].uri)
        found.quarantined, found.set_aside = count_reasons(rejects)
        found.plan = _plan(result, settings, tune)
    if "StatisticsGen" in outputs:
        [statistics] = outputs["StatisticsGen"]["statistics"]
        for amount in source.amounts(settings):
            found.amounts[amount.words] = _measure(statistics, amount)
        for feature in dict.fromkeys((*result.task.classes, *result.task.slices)):
            counts = {split: class_counts(statistics, split, feature) for split in SPLITS}
            if any(counts.values()):
                found.values[feature] = counts
    if "ExampleValidator" in outputs:
        found.anomalies = describe_anomalies(outputs["ExampleValidator"]["anomalies"][0])
    return found


def count_reasons(path: str) -> tuple[dict[str, int], dict[str, int]]:
    """Counts records that are not used by their reasons, the commonest first.

    Reasons that differ in what is quoted, in paths and in numbers alone are one, with `…` for
    these.

    Args:
        path: Lines of JSON, as `quarantine` has them.

    Returns:
        Bad ones, and those set aside.
    """
    kinds: dict[tuple[bool, str], tuple[int, str]] = {}
    with fileio.open(path) as file:
        for line in file:
            reject = json.loads(line)
            reason = reject["reason"]
            key = (reject["kind"] == BAD, _PARTICULAR.sub("…", reason))
            count, first = kinds.get(key, (0, reason))
            # One reason for all of a kind is said as it is.
            kinds[key] = (count + 1, first if first == reason else key[1])
    bad = _commonest(said for (is_bad, _), said in kinds.items() if is_bad)
    return bad, _commonest(said for (is_bad, _), said in kinds.items() if not is_bad)


def _commonest(said: Iterable[tuple[int, str]]) -> dict[str, int]:
    ranked = sorted(said, key=lambda pair: (-pair[0], pair[1]))
    counts: dict[str, int] = {}
    for number, (count, reason) in enumerate(ranked):
        kept = reason if number < _MOST_REASONS else OTHER_REASONS
        counts[kept] = counts.get(kept, 0) + count
    return counts


def _measure(statistics: ExampleStatistics, amount: Amount) -> dict[str, float]:
    """Reads an amount off each split's statistics."""
    found: dict[str, float] = {}
    for split in SPLITS:
        for feature in read_split(statistics, split).features:
            if amount.feature in (feature.name, *feature.path.step):
                found[split] = _amount_of(feature, amount)
    return found


def _amount_of(feature: statistics_pb2.FeatureNameStatistics, amount: Amount) -> float:
    is_text = feature.HasField("string_stats")
    stats = feature.string_stats if is_text else feature.bytes_stats
    if amount.bytes_each is None:
        return stats.unique
    mean = feature.string_stats.avg_length if is_text else feature.bytes_stats.avg_num_bytes
    return mean * stats.common_stats.tot_num_values / amount.bytes_each


def _plan(result: RunResult, settings: Settings, tune: bool) -> Plan | None:
    examples = result.counts.by_split["train"] if result.counts else 0
    if not examples or not isinstance(settings, TrainingSettings):
        return None
    # It brings Keras, which no command before this one has loaded.
    from modules.common.training.loop import epochs_of

    per_epoch = math.ceil(examples / settings.batch_size)
    epochs = epochs_of(settings, per_epoch)
    rivals = {each.name: each.gate.rivals if each.gate else () for each in result.task.metrics}
    return Plan(
        examples=examples,
        epochs=epochs,
        steps=epochs * per_epoch,
        batch_size=settings.batch_size,
        tune=tune,
        metrics={name: list(names) for name, names in rivals.items()},
    )
