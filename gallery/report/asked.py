"""Makes the section on what was asked: command, settings, data, versions, digests."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gallery.report.pieces import Table
from modules.common.declaring.task import Task
from pipelines.run_record import RunRecord, word_drift


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The section.

    Attributes:
        command: As it was typed, or nothing.
        changed: Settings that differ from the defaults, or `None` where all are as they are.
        settings: All settings with what they do.
        facts: Data, code and versions, by what they are.
        versions: Of packages.
    """

    command: str
    changed: Table | None
    settings: Table
    facts: Mapping[str, str]
    versions: Mapping[str, str]


def make_section(task: Task, record: RunRecord, is_smoke: bool) -> Wanted:
    """Says what a run was asked for.

    Args:
        task: The declaration.
        record: The run.
        is_smoke: Whether the defaults are those of smoke runs.
    """
    defaults = {each.name: each.default for each in task.declared}
    if is_smoke:
        defaults |= {each.name: each.smoke for each in task.declared if each.smoke is not None}
    docs = {each.name: each.doc for each in task.declared}
    changed = [
        (name, _write(value), _write(defaults.get(name, "")), docs.get(name, ""))
        for name, value in record.changed.items()
    ]
    every = [(name, _write(value), docs.get(name, "")) for name, value in record.settings.items()]
    facts = {
        "data": record.data,
        "spans of data": "; ".join(record.spans),
        "drift": word_drift(record.drift),
        "fingerprint of the data": record.data_digest,
        "digest of the code": record.code_digest,
        "digest of the schema": record.schema_digest,
        "git commit": record.git_commit,
        "run": record.run_id,
    }
    return Wanted(
        command=shlex.join(record.command),
        changed=_table(
            "Settings that differ from the defaults", ("value", "default", "what it does"), changed
        )
        if changed
        else None,
        settings=_table("All settings", ("value", "what it does"), every),
        facts={name: value for name, value in facts.items() if value},
        versions=dict(record.versions),
    )


def _table(caption: str, head: tuple[str, ...], rows: Sequence[Sequence[str]]) -> Table:
    return Table(caption=caption, head=("setting", *head), rows=tuple(rows))


def _write(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value != "" else "(nothing)"
