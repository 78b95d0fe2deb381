"""Says which pushed versions are served: a rollback and its end, names for versions.

TensorFlow Serving gives requests that name neither version nor label the highest version that is
loaded. So a pinned version is the highest of those that are listed, and no label is on a higher
one. A label can only be moved to a version that is loaded. So where a model has labels, all its
versions are, or all up to the pinned one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modules.common.runtime.errors import LianxiError, WrongUsage, did_you_mean
from pipelines import pushed, versions
from pipelines.environment import Environment
from serving.config import ModelEntry, VersionPolicy
from serving.files import kept_models
from serving.models.versions import find_versions

_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


def roll_back(env: Environment, task_name: str, to: int | None = None) -> int:
    """Pins a version: it is served whatever is pushed, until it is unpinned.

    Args:
        env: Where the model is.
        task_name: The task.
        to: The version; the one before that which is served now, where not given.

    Returns:
        The version.

    Raises:
        LianxiError: If there is no such version, or a newer one has a label.
    """
    with _changing(env, task_name) as model:
        served = model.served
        if to is None:
            earlier = [number for number in model.numbers if served is None or number < served]
            if not earlier:
                raise LianxiError(
                    f"version {served} of {task_name} is the oldest there is; push another: "
                    f"lianxi run {task_name}{env.options}"
                )
            to = earlier[-1]
        model.check(to)
        for label, number in sorted(model.entry.labels.items()):
            if number > to:
                raise LianxiError(
                    f"version {number} has the label {label}, and whoever names no version would "
                    f"get it instead of {to}, since it is newer. Move the label first (lianxi "
                    f"models label {task_name} {label} {to}{env.options}), or take it away "
                    f"(lianxi models unlabel {task_name} {label}{env.options})"
                )
        model.serve(to, model.entry.labels)
    return to


def unpin(env: Environment, task_name: str) -> int | None:
    """Ends a rollback: the newest version is served again, and each that is pushed after it.

    Args:
        env: Where the model is.
        task_name: The task.

    Returns:
        The version that was pinned; `None` where none was.

    Raises:
        LianxiError: If there is no such model.
    """
    with _changing(env, task_name) as model:
        pinned = versions.pinned_of(model.entry)
        model.serve(None, model.entry.labels)
    return pinned


def label(env: Environment, task_name: str, name: str, number: int) -> int | None:
    """Gives a version a name for requests, or moves a name to it.

    Args:
        env: Where the model is.
        task_name: The task.
        name: The label.
        number: The version.

    Returns:
        The version that had the label; `None` where none had.

    Raises:
        LianxiError: If there is no such version, or it is newer than the pinned one.
        WrongUsage: If the label is none.
    """
    if not _LABEL.fullmatch(name):
        raise WrongUsage(
            f"expected a label of letters, digits, '_', '-' and '.' that begins with a letter, "
            f"such as canary; found {name!r}"
        )
    with _changing(env, task_name) as model:
        model.check(number)
        pinned = versions.pinned_of(model.entry)
        if pinned is not None and number > pinned:
            raise LianxiError(
                f"version {number} is newer than {pinned}, which is pinned, and whoever names no "
                f"version would get it once it is loaded. Give {pinned} a label that your clients "
                f"name (lianxi models label {task_name} stable {pinned}{env.options}), then unpin "
                f"(lianxi models unpin {task_name}{env.options}), then label {number}"
            )
        before = model.entry.labels.get(name)
        model.serve(pinned, {**model.entry.labels, name: number})
    return before


def unlabel(env: Environment, task_name: str, name: str) -> int:
    """Takes a label away.

    Args:
        env: Where the model is.
        task_name: The task.
        name: The label.

    Returns:
        The version that had it.

    Raises:
        LianxiError: If no version has it.
    """
    with _changing(env, task_name) as model:
        labels = dict(model.entry.labels)
        if name not in labels:
            hint = did_you_mean(name, labels) if labels else "it has no labels"
            raise LianxiError(f"no version of {task_name} has the label {name!r}; {hint}")
        number = labels.pop(name)
        model.serve(versions.pinned_of(model.entry), labels)
    return number


@dataclass
class _Model:
    """A model whose serving is being changed.

    Attributes:
        task: The task.
        numbers: Its versions, ascending.
        entry: How it is served.
    """

    task: str
    numbers: list[int]
    entry: ModelEntry

    @property
    def served(self) -> int | None:
        """The version that requests without a version get."""
        return max(self.entry.policy.select(self.numbers), default=None)

    def check(self, number: int) -> None:
        """Raises `LianxiError` where there is no such version."""
        if number not in self.numbers:
            newest = ", ".join(map(str, reversed(self.numbers[-5:])))
            more = f" and {len(self.numbers) - 5} older ones" if len(self.numbers) > 5 else ""
            raise LianxiError(f"{self.task} has no version {number}; there are {newest}{more}")

    def serve(self, pinned: int | None, labels: Mapping[str, int]) -> None:
        """Has a version served, or the newest, and what labels may be moved to loaded."""
        known = {name: number for name, number in labels.items() if number in self.numbers}
        if pinned is None:
            policy = VersionPolicy.all() if known else VersionPolicy.latest()
        else:
            older = [number for number in self.numbers if number < pinned] if known else []
            policy = VersionPolicy.specific(*older, pinned)
        self.entry = ModelEntry(Path(), policy, known)


@contextmanager
def _changing(env: Environment, task_name: str) -> Iterator[_Model]:
    """Changes how a model is served, in the file that all servers read."""
    numbers = sorted(find_versions(Path(env.models_dir, task_name)))
    if not numbers:
        pushed.check(env, task_name)
    with versions.readable(), kept_models.changing(versions.kept_path(env)) as kept:
        model = _Model(task_name, numbers, kept.get(task_name, ModelEntry(Path())))
        yield model
        kept[task_name] = model.entry
