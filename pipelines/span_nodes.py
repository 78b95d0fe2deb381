"""The nodes that hold the newest span of data against the one before it.

The one before is the last that AnomalyGate did not refuse: after a span that was wrong, one that is
as ever passes. Its statistics come from ML Metadata if it was read by the same reader, whichever
run did; else its data is read, if it is still there. Where a window of several spans is trained on,
the newest is counted alone, too, so that a change is not drowned by the others.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfx.components.distribution_validator.component import DistributionValidator
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration.pipeline import Pipeline
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import ExampleStatistics

from components import drift
from components.anomaly_gate import AnomalyGate
from modules.common.declaring.settings import Settings
from modules.common.declaring.task import Task
from modules.common.reading.spans import find_fixed_part, is_below
from modules.common.runtime.errors import DataError
from pipelines.counting import statistics_gen
from pipelines.data import DataLocation, locate_span
from pipelines.environment import Environment
from pipelines.example_nodes import example_gen_component
from pipelines.span_statistics import CountedSpan, list_counted, list_refused

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """How the newest span is held against the one before.

    Attributes:
        nodes: What does it, by name; none where there is nothing to compare, or nothing to compare
            with.
        gate_inputs: What AnomalyGate is told of it.
    """

    nodes: dict[str, BaseNode] = field(default_factory=dict)
    gate_inputs: dict[str, Any] = field(default_factory=dict)


def compare_spans(
    task: Task, env: Environment, data: DataLocation, settings: Settings, statistics: Channel
) -> Comparison:
    """Makes the nodes that compare the newest span with the one before.

    Args:
        task: The declaration.
        env: Where the pipeline runs.
        data: The raw data.
        settings: Resolved settings.
        statistics: Of all that is trained on.
    """
    if not data.spans or not drift.has_config(task.name):
        return Comparison()
    told: dict[str, Any] = {"data": data.asked, "newest": data.spans[-1].label}
    named, nodes = _count_before(task, env, data, settings)
    if not nodes:
        return Comparison(gate_inputs=told)
    [before] = nodes["before"].outputs.values()
    if data.newest is not None:
        reading = example_gen_component(task, data.newest, settings).with_id("NewestExampleGen")
        nodes["newest_examples"] = reading
        nodes["newest"] = statistics_gen(reading.outputs["examples"]).with_id("NewestStatisticsGen")
        statistics = nodes["newest"].outputs["statistics"]
    nodes["drift"] = DistributionValidator(
        statistics=statistics,
        baseline_statistics=before,
        config=drift.make_config(task.name),
        include_split_pairs=[drift.SPLIT_PAIR],
    )
    told |= {"drift": nodes["drift"].outputs["anomalies"], "before": named}
    return Comparison(nodes=nodes, gate_inputs=told)


def _count_before(
    task: Task, env: Environment, data: DataLocation, settings: Settings
) -> tuple[str, dict[str, BaseNode]]:
    """Makes what gives the statistics of the span before: `before`, and what that needs.

    Returns:
        The span in words, and the nodes; none where there is no such span.
    """
    newest = data.newest or data
    base, store = find_fixed_part(data.asked), Path(env.metadata_path(task.name))
    refused = list_refused(store, AnomalyGate, data.asked)
    counted = [
        each
        for each in list_counted(store, example_gen_component(task, newest, settings))
        if each.number < newest.spans[-1].number
        and is_below(each.folder, base)
        and each.label not in refused
    ]
    trusted = [span for span in data.earlier if span.label not in refused]
    before = trusted[-1] if trusted else None
    there = before.number if before else None
    # Whose files have gone since; of those that are there, the files tell.
    gone = [each for each in counted if there is None or each.number > there]
    if gone:
        known = max(reversed(gone), key=lambda each: each.number)
        return known.label, {"before": _import(known)}
    if before is None:
        return "", {}
    try:
        located = locate_span(task, before)
    except DataError as error:
        _LOG.warning("span %s is not compared with: %s", before.label, error)
        return "", {}
    reading = example_gen_component(task, located, settings).with_id("EarlierExampleGen")
    wanted = reading.driver_class(None).resolve_exec_properties(
        dict(reading.exec_properties), None, None
    )
    for each in reversed(counted):
        same = (each.number, each.folder, each.fingerprint)
        if same == (there, located.folder, wanted["input_fingerprint"]):
            return before.label, {"before": _import(each)}
    counting = statistics_gen(reading.outputs["examples"]).with_id("EarlierStatisticsGen")
    return before.label, {"before_examples": reading, "before": counting}


def _import(counted: CountedSpan) -> Importer:
    return Importer(
        source_uri=counted.uri,
        artifact_type=ExampleStatistics,
        properties={"split_names": counted.split_names, "span": counted.number},
    ).with_id("EarlierStatistics")


def compared_with(pipeline: Pipeline) -> str:
    """Names the span that the newest is compared with.

    Args:
        pipeline: Of a task.

    Returns:
        The span in words; nothing where none is.
    """
    [gate] = [node for node in pipeline.components if node.id == "AnomalyGate"]
    return str(gate.exec_properties.get("before") or "")
