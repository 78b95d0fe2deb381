"""Makes the section on data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tensorflow_metadata.proto.v0 import anomalies_pb2

from components.example_gen import quarantine
from gallery.report.data.drift import Moved, measure_drift
from gallery.report.data.quarantined import Reason, list_reasons
from gallery.report.data.statistics import FeatureRow, list_features
from gallery.report.lineage import Lineage
from pipelines.environment import Environment
from pipelines.run_record import RunRecord

_SPLITS = {"train": "training", "eval": "evaluation"}


@dataclass(frozen=True, kw_only=True)
class Data:
    """The section.

    Attributes:
        counts: What was read, where ExampleGen ended well.
        reasons: What became no example, and why.
        rejects_path: The file that lists all of it.
        features: By split, in words.
        anomalies: In words; `None` where nobody looked.
        moved: How far features moved since the earlier run.
        earlier_run_id: The run that is compared with, or nothing.
    """

    counts: quarantine.Counts | None
    reasons: Sequence[Reason]
    rejects_path: str
    features: Mapping[str, Sequence[FeatureRow]]
    anomalies: Sequence[str] | None
    moved: Sequence[Moved]
    earlier_run_id: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be shown."""
        return self.counts is None and not self.reasons


def make_section(record: RunRecord, env: Environment, lineage: Lineage) -> Data:
    """Reads what a run's components left of its data.

    Args:
        record: The run.
        env: Where it ran.
        lineage: What its components made.
    """
    examples = lineage.folder("ExampleGen", "Examples") or record.paths.get("examples", "")
    statistics = lineage.folder("StatisticsGen", "ExampleStatistics")
    rejects = quarantine.rejects_path(examples) if examples else _find_kept_rejects(record, env)
    is_read = bool(examples) and os.path.isdir(examples)
    moved: Sequence[Moved] = ()
    if statistics and lineage.earlier_statistics:
        moved = measure_drift(statistics, lineage.earlier_statistics)
    return Data(
        counts=quarantine.read_counts(examples) if is_read else None,
        reasons=list_reasons(rejects),
        rejects_path=rejects,
        features={words: list_features(statistics, split) for split, words in _SPLITS.items()}
        if statistics
        else {},
        anomalies=_list_anomalies(lineage.folder("ExampleValidator", "ExampleAnomalies")),
        moved=moved,
        earlier_run_id=lineage.earlier_run_id if moved else "",
    )


def _find_kept_rejects(record: RunRecord, env: Environment) -> str:
    """Finds the rejects that ExampleGen kept when too much was bad."""
    kept = Path(env.pipeline_dir(record.task), "ExampleGen").glob("rejects-*.jsonl")
    new = [path for path in kept if path.stat().st_mtime >= record.started_s]
    return str(max(new, key=lambda path: path.stat().st_mtime, default=""))


def _list_anomalies(folder: str) -> list[str] | None:
    if not folder:
        return None
    said = []
    for split, words in _SPLITS.items():
        path = os.path.join(folder, f"Split-{split}", "SchemaDiff.pb")
        if not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            found = anomalies_pb2.Anomalies.FromString(file.read())
        for feature, info in sorted(found.anomaly_info.items()):
            said += [f"{words}, {feature}: {each.description}" for each in info.reason]
        said += [
            f"{words}, all examples: {each.description}"
            for each in found.dataset_anomaly_info.reason
        ]
        if found.data_missing:
            said.append(f"{words}: no examples")
    return said
