"""The runs of tasks, found by what people call them, and compared with each other."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modules.common.declaring.registry import load_task, task_names
from modules.common.declaring.task import Value
from modules.common.runtime.errors import TaskError, WrongUsage, did_you_mean
from pipelines.environment import Environment
from pipelines.run_record import RunRecord, read_records

SURE = 1.96
"""By how many standard errors figures must differ to do so by more than chance, nineteen times in
twenty."""

_NUMBERED = re.compile(r"(?P<task>[^@\s]*)@(?P<number>-?\d+)")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What is not the same in two runs.

    Attributes:
        name: A setting, or a package.
        a: Its value in the first run; `None` where that has none.
        b: Its value in the second.
    """

    name: str
    a: Value | None
    b: Value | None


@dataclass(frozen=True, kw_only=True)
class MetricDifference:
    """A metric in two runs.

    Attributes:
        name: The metric.
        a: Its value in the first run; `None` where there is none.
        b: Its value in the second.
        a_error: Standard error of the first; `None` where it is not known.
        b_error: Standard error of the second.
        change: The second less the first.
        error: Standard error of that, the runs taken as measured on examples of their own. On the
            same examples it is at most this much, as a rule less.
        is_better: Whether the second is better by the metric's own direction; `None` where they are
            equal, or one is not known.
        by_more_than_chance: Whether they differ by more than 1.96 standard errors; `None` where
            that is not known.
    """

    name: str
    a: float | None
    b: float | None
    a_error: float | None
    b_error: float | None
    change: float | None
    error: float | None
    is_better: bool | None
    by_more_than_chance: bool | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two runs of a task beside each other.

    Attributes:
        a: The first run.
        b: The second.
        settings: Settings that differ.
        metrics: All metrics that either has.
        versions: Versions of packages that differ.
        same_data: Whether both read the same files, as they are named, sized and dated; `None`
            where it is not known.
        same_code: Whether reading, Transform and Trainer were the same code.
        same_schema: Whether the curated schema was the same.
        seconds: Component to the seconds of either run; `None` where it was not in it.
    """

    a: RunRecord
    b: RunRecord
    settings: tuple[Difference, ...]
    metrics: tuple[MetricDifference, ...]
    versions: tuple[Difference, ...]
    same_data: bool | None
    same_code: bool | None
    same_schema: bool | None
    seconds: Mapping[str, tuple[float | None, float | None]]


def list_runs(env: Environment, names: Iterable[str], limit: int | None = None) -> list[RunRecord]:
    """Lists the runs of tasks, the newest first.

    Args:
        env: Where they were run.
        names: The tasks.
        limit: How many of the newest; all where not given.

    Raises:
        LianxiError: If the metadata of one is damaged.
    """
    found = [run for name in names for run in read_records(env, load_task(name), limit)]
    found.sort(key=lambda run: run.started_s, reverse=True)
    return found[:limit]


def compare(a: RunRecord, b: RunRecord) -> Comparison:
    """Compares two runs of a task.

    Args:
        a: The first.
        b: The second.

    Raises:
        WrongUsage: If they are of two tasks.
    """
    if a.task != b.task:
        raise WrongUsage(
            f"expected two runs of one task, found {a.id} and {b.id}: their settings and metrics "
            f"are not the same things; `lianxi runs {a.task}` lists the others of {a.task}"
        )
    higher = {metric.name: metric.better == "higher" for metric in load_task(a.task).metrics}
    names = dict.fromkeys([*a.metrics, *b.metrics])
    in_a, in_b = ({each.name: each.seconds for each in run.components} for run in (a, b))
    return Comparison(
        a=a,
        b=b,
        settings=_differences(a.settings, b.settings),
        metrics=tuple(
            _compare_metric(
                name, a.metrics.get(name, {}), b.metrics.get(name, {}), higher.get(name, True)
            )
            for name in names
        ),
        versions=_differences(a.versions, b.versions) if a.versions and b.versions else (),
        same_data=_is_same(a.data_digest, b.data_digest),
        same_code=_is_same(a.code_digest, b.code_digest),
        same_schema=_is_same(a.schema_digest, b.schema_digest),
        seconds={name: (in_a.get(name), in_b.get(name)) for name in dict.fromkeys([*in_a, *in_b])},
    )


def _compare_metric(
    name: str, in_a: Mapping[str, Any], in_b: Mapping[str, Any], higher_is_better: bool
) -> MetricDifference:
    a, b = in_a.get("value"), in_b.get("value")
    a_error, b_error = in_a.get("standard_error"), in_b.get("standard_error")
    change = None if a is None or b is None else b - a
    error = None if a_error is None or b_error is None else math.hypot(a_error, b_error)
    return MetricDifference(
        name=name,
        a=a,
        b=b,
        a_error=a_error,
        b_error=b_error,
        change=change,
        error=error,
        is_better=(change > 0) is higher_is_better if change else None,
        by_more_than_chance=abs(change) > SURE * error
        if change is not None and error is not None
        else None,
    )


def _differences(
    a: Mapping[str, Value] | Mapping[str, str], b: Mapping[str, Value] | Mapping[str, str]
) -> tuple[Difference, ...]:
    return tuple(
        Difference(name=name, a=a.get(name), b=b.get(name))
        for name in dict.fromkeys([*a, *b])
        if a.get(name) != b.get(name)
    )


def _is_same(a: str, b: str) -> bool | None:
    return a == b if a and b else None


def find_run(env: Environment, named: str, task_name: str | None = None) -> RunRecord:
    """Finds a run by what a person calls it.

    Args:
        env: Where it was run.
        named: `name_gender@7`, `@7` or `7`; `@-1` for the newest and `@-2` for the one before;
            a task alone, or the beginning of its name, for its newest; the beginning of TFX's id.
        task_name: The task that is meant where none is named.

    Raises:
        WrongUsage: If there is none, or more than one.
        LianxiError: If metadata is damaged.
    """
    matched = _NUMBERED.fullmatch(f"@{named}" if re.fullmatch(r"-?\d{1,6}", named) else named)
    if matched:
        tasks = [_find_task(matched["task"])] if matched["task"] else _tasks(env, task_name)
        return _find_number(env, named, tasks, int(matched["number"]))
    runs = list_runs(env, _tasks(env, task_name))
    by_id = [run for run in runs if run.run_id.startswith(named)]
    if by_id:
        return _only(env, named, by_id)
    name = _find_task(named) if "@" not in named else ""
    if not name:
        raise WrongUsage(_say_none(env, named, runs))
    return _find_number(env, named, [name], -1)


def _tasks(env: Environment, task_name: str | None) -> list[str]:
    return [task_name] if task_name else [name for name in task_names() if env.holds(name)]


def _find_task(beginning: str) -> str:
    """Finds a task by its name, or by a beginning that no other has."""
    names = task_names()
    if beginning in names:
        return beginning
    found = [name for name in names if name.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if found:
        raise WrongUsage(f"{beginning!r} may be {' or '.join(found)}; write more of it")
    raise TaskError(f"no run or task is called {beginning!r}; {did_you_mean(beginning, names)}")


def _find_number(env: Environment, named: str, tasks: Sequence[str], number: int) -> RunRecord:
    runs = list_runs(env, tasks)
    if number < 0:
        if len(runs) < -number:
            raise WrongUsage(_say_none(env, named, runs))
        return runs[-number - 1]
    found = [run for run in runs if run.number == number]
    if not found:
        raise WrongUsage(_say_none(env, named, runs))
    return _only(env, named, found)


def _only(env: Environment, named: str, found: Sequence[RunRecord]) -> RunRecord:
    if len(found) > 1:
        ids = [run.id for run in found[:5]]
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise WrongUsage(f"{named} may be {', '.join(ids)}{more}; name one")
    return found[0]


def _say_none(env: Environment, named: str, runs: Sequence[RunRecord]) -> str:
    """Says that there is no such run, and which there are."""
    if not runs:
        return f"no run is called {named}: none was made in {env.root}"
    newest = ", ".join(run.id for run in runs[:3])
    return (
        f"no run is called {named}; the newest {'is' if len(runs) == 1 else 'are'} {newest} "
        f"(`lianxi runs{env.options}` lists them)"
    )
