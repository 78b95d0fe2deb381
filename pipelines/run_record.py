"""The record of a run: what was asked, what came of it, and of which code, data and schema.

It is kept in ML Metadata, as a property of the run's context, so that it goes where the run goes:
what prunes runs prunes it too. Runs without one, such as those of `tfx run create`, are read from
what ML Metadata itself knows of them.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modules.common.declaring.settings import as_dict
from modules.common.declaring.task import Task, Value
from pipelines.environment import Environment

_LOG = logging.getLogger(__name__)
RUN_TYPE = "pipeline_run"
PROPERTY = "lianxi_record"
PUSHED, REFUSED, FAILED, STOPPED = "pushed", "refused", "failed", "stopped"
RUNNING, CHECKED = "running", "checked"


@dataclass(frozen=True, kw_only=True)
class ComponentRecord:
    """How a component ended.

    Attributes:
        name: Its id, such as `Trainer`.
        state: `done`, `cached` or `failed`; `stopped` or `running` where it has not ended.
        seconds: Wall-clock time; 0 where it is not known.
        cpu_seconds: Processor time; 0 where it is not known.
        said: The figure that the terminal showed.
    """

    name: str
    state: str
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    said: str = ""


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A run, whichever way it ended.

    Attributes:
        task: Whose pipeline ran.
        run_id: TFX's id of the run.
        number: Which run of the task it is, counted from 1 and never given twice; 0 where it is
            not kept yet.
        started_s: When it began, in seconds since 1970.
        seconds: How long it took.
        command: The words of the command as they were typed; none where it is not known.
        settings: All settings, resolved.
        changed: Those that differ from the environment's defaults.
        data: The data in words.
        data_files: Globs of its files, one on a line; empty where it was drawn.
        spans: Spans of data that were read together, in words, the newest last; none where no
            span was asked for.
        drift: How far the newest span is from the one `before` it: `distances`, with feature,
            measure, distance and threshold each, and whether they were `accepted`. Empty where
            spans were not compared.
        data_digest: Fingerprint of the data, as ExampleGen has it.
        code_digest: Digest of the source of reading, Transform and Trainer.
        schema_digest: Digest of the curated schema.
        versions: Version by package, and of Python.
        git_commit: The project's commit, with `+changes` where files differ from it; empty where
            there is no git.
        components: In the order in which they ended.
        counts: `examples`, `quarantined`, `set_aside`, `passed_over`; None where it is not known.
        metrics: By name, as `--json` prints them, with `standard_error` where it is known.
        state: `pushed`, `refused`, `failed`, `stopped`, `checked` after a dry run, or `running`
            while it runs.
        refused: What did not let the model through: metrics, or a component.
        error: What it failed with, in words.
        version: The pushed version, or an empty string.
        paths: Where things are, by what they are; `report_html` is the report of the run.
    """

    task: str
    run_id: str
    number: int = 0
    started_s: float = 0.0
    seconds: float = 0.0
    command: tuple[str, ...] = ()
    settings: Mapping[str, Value] = field(default_factory=dict)
    changed: Mapping[str, Value] = field(default_factory=dict)
    data: str = ""
    data_files: str = ""
    spans: tuple[str, ...] = ()
    drift: Mapping[str, Any] = field(default_factory=dict)
    data_digest: str = ""
    code_digest: str = ""
    schema_digest: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    git_commit: str = ""
    components: tuple[ComponentRecord, ...] = ()
    counts: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    state: str = STOPPED
    refused: tuple[str, ...] = ()
    error: str = ""
    version: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What people call it, such as `name_gender@7`."""
        return f"{self.task}@{self.number}"

    def to_json(self) -> dict[str, Any]:
        """Gives the record as JSON has it."""
        return dataclasses.asdict(self)


_TUPLES = ("command", "refused", "spans")


def from_json(content: Mapping[str, Any]) -> RunRecord:
    """Makes a record of what `to_json` gave; what is not known of it is passed over.

    Args:
        content: The record as JSON has it.

    Raises:
        TypeError: If it is no record.
        KeyError: If it is no record.
    """
    known = {each.name for each in dataclasses.fields(RunRecord)}
    values = {name: value for name, value in content.items() if name in known}
    values |= {name: tuple(values.get(name, ())) for name in _TUPLES}
    values["components"] = tuple(ComponentRecord(**each) for each in values.get("components", ()))
    return RunRecord(**values)


def word_drift(drift: Mapping[str, Any]) -> str:
    """Says how far the newest span was from the one before, feature by feature.

    Args:
        drift: As a record has it.
    """
    words = []
    for each in drift.get("distances", ()):
        distance = each.get("distance")
        far = "not in both" if distance is None else f"{distance:.3g} of {each['threshold']:.3g}"
        words.append(f"{each['feature']} {far}")
    accepted = ", accepted" * bool(drift.get("accepted"))
    return f"{', '.join(words)} from span {drift['before']}{accepted}" if words else ""


def find_changed(task: Task, values: Mapping[str, Value], smoke: bool) -> dict[str, Value]:
    """Gives the settings that differ from an environment's defaults.

    Args:
        task: The declaration.
        values: Resolved settings.
        smoke: Whether the environment is that of smoke runs.
    """
    defaults = as_dict(task.resolve({}, smoke=smoke))
    return {name: value for name, value in values.items() if defaults.get(name) != value}


def write_record(env: Environment, record: RunRecord) -> int:
    """Keeps a record in ML Metadata, over an earlier one of the same run.

    A store that cannot be written to costs the record and nothing else: that is only logged.

    Args:
        env: Where the run was.
        record: Of a run that TFX has given an id. One without a number is given one.

    Returns:
        The run's number; 0 where the record is not kept.
    """
    path = Path(env.metadata_path(record.task))
    if not record.run_id or not path.is_file():
        return 0
    try:
        return _put(path, record)
    except Exception:
        # ML Metadata raises whatever SQLite and its bindings do; the run itself is over and well.
        _LOG.warning("the record of run %s is not kept", record.run_id, exc_info=True)
        return 0


def _put(path: Path, record: RunRecord) -> int:
    from ml_metadata import MetadataStore
    from ml_metadata.proto import metadata_store_pb2
    from tfx.orchestration.metadata import sqlite_metadata_connection_config

    from pipelines.recorded_runs import find_number

    record = dataclasses.replace(record, number=record.number or find_number(path, record.run_id))
    store = MetadataStore(sqlite_metadata_connection_config(str(path)))
    context = store.get_context_by_type_and_name(RUN_TYPE, record.run_id)
    if context is None:
        # A run may fail before TFX has written anything of it.
        type_id = store.put_context_type(metadata_store_pb2.ContextType(name=RUN_TYPE))
        context = metadata_store_pb2.Context(type_id=type_id, name=record.run_id)
    text = json.dumps(record.to_json(), ensure_ascii=False)
    context.custom_properties[PROPERTY].string_value = text
    store.put_contexts([context])
    return record.number


def read_records(env: Environment, task: Task, limit: int | None = None) -> list[RunRecord]:
    """Reads the records of a task's runs, the newest last.

    Args:
        env: Where it was run.
        task: The declaration.
        limit: How many of the newest to read; all where not given.

    Returns:
        A record for every run of which ML Metadata knows; fields that it does not know are empty.

    Raises:
        LianxiError: If the metadata is damaged.
    """
    from pipelines.recorded_runs import read_runs

    return read_runs(env, task, limit)
