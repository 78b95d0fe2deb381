"""Finds what `lianxi infer` is to answer, and with which version of a model. No TensorFlow."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from modules.common.asking.batches import FileRequests, LineRequests, RequestSource, list_sources
from modules.common.declaring.task import Task, Value
from modules.common.reading.data_files import check_name
from modules.common.reading.file_endings import ending_of
from modules.common.reading.spans import PLACEHOLDERS, find_fixed_part, find_spans
from modules.common.reading.unread_files import all_files, by_ending, describe
from modules.common.runtime.errors import DataError, MissingDataError, WrongUsage
from pipelines import pushed, versions
from pipelines.environment import Environment
from serving.models.versions import find_versions

_TABLES, _TEXTS = ("csv", "tsv"), ("txt",)
# Whatever folder a person named by mistake is not walked through whole.
_LOOKED_AT_DEPTH = 3


@dataclass(frozen=True, kw_only=True)
class RequestLocation:
    """Requests that were found.

    Attributes:
        folder: Absolute path of their folder.
        source: How they lie there.
        patterns: Globs of the files in it.
        description: What a person named.
    """

    folder: str
    source: RequestSource
    patterns: tuple[str, ...]
    description: str


def locate(
    task: Task, data: str, said: Mapping[str, Value], span: str | None = None
) -> RequestLocation:
    """Finds out in which of the layouts that a task takes some requests are.

    Args:
        task: The declaration.
        data: Folder or file that a person named. With `{SPAN}` and the like in it, it stands for
            the newest span.
        said: What holds for all requests.
        span: The span that is taken for the newest, `20`, `2026-11-30`, or `20:3` with its version.

    Raises:
        DataError: If there is nothing there, or not in such a layout.
        WrongUsage: If a span is asked for of a path without placeholders, or they are wrong.
    """
    if find_fixed_part(os.path.expanduser(data)):
        newest = find_spans(os.path.abspath(os.path.expanduser(data)), span or "")[-1]
        found = _locate_path(task, newest.path, said)
        return replace(found, description=f"{newest.path} (span {newest.label})")
    if span:
        raise WrongUsage(
            f"--span names a span of --data, which has to have {PLACEHOLDERS} in it, such as "
            f"--data 'days/{{SPAN}}'; found {data}"
        )
    return _locate_path(task, data, said)


def _locate_path(task: Task, data: str, said: Mapping[str, Value]) -> RequestLocation:
    sources = list_sources(task, said)
    layouts = ", or ".join(each.layout for each in sources)
    path = Path(data).expanduser().resolve()
    check_name(str(path))
    if path.is_file():
        for source in sources:
            if ending_of(path.name) in _endings(source):
                return RequestLocation(
                    folder=str(path.parent),
                    source=source,
                    patterns=(glob.escape(path.name),),
                    description=str(path),
                )
        raise DataError(f"{path} is not what {task.name} is asked with; expected {layouts}")
    if not path.is_dir():
        raise MissingDataError(f"{data} does not exist; expected {layouts}")
    for source in sources:
        if source.matches(path):
            return RequestLocation(
                folder=str(path), source=source, patterns=source.patterns, description=str(path)
            )
    found = describe(by_ending(all_files(str(path), _LOOKED_AT_DEPTH))) or "nothing"
    raise DataError(f"{path} holds {found}; expected {layouts}")


def choose_version(
    task: Task, env: Environment, number: int | None = None, label: str | None = None
) -> int:
    """Finds the pushed version that answers.

    Args:
        task: The declaration.
        env: Where models are pushed to.
        number: A version that a person named.
        label: A label that a person named; where neither is, the version answers that is pinned,
            or else the newest.

    Raises:
        LianxiError: If nothing was pushed.
        WrongUsage: If there is no such version or label.
    """
    pushed.check(env, task.name)
    found = find_versions(Path(env.models_dir, task.name))
    entry = versions.read_entry(env, task.name)
    shown = ", ".join(map(str, sorted(found, reverse=True)))
    if label is not None:
        if label not in entry.labels:
            labels = ", ".join(sorted(entry.labels)) or "none"
            raise WrongUsage(
                f"{task.name} has no version with the label {label!r}, found {labels}; give it "
                f"one: lianxi models label {task.name} {label} VERSION{env.options}"
            )
        number = entry.labels[label]
    if number is None:
        number = versions.pinned_of(entry)
    if number is None:
        return max(found)
    if number not in found:
        raise WrongUsage(
            f"{task.name} has no pushed version {number} in {env.models_dir}; there is {shown}"
        )
    return number


def _endings(source: RequestSource) -> tuple[str, ...]:
    if isinstance(source, FileRequests):
        return source.endings
    return _TEXTS if isinstance(source, LineRequests) else _TABLES
