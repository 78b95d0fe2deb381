"""The pushed versions of a task's model: of which run each is, and which of them are served."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from modules.common.declaring.task import Task
from modules.common.runtime.errors import LianxiError
from pipelines import pushed
from pipelines.environment import Environment
from pipelines.run_record import RunRecord, read_records
from serving.config import ModelEntry, ServerConfig, VersionPolicy
from serving.errors import ServingError
from serving.files import kept_models
from serving.models.sources import RootSource
from serving.models.versions import find_versions


@dataclass(frozen=True, kw_only=True)
class Version:
    """A pushed version.

    Attributes:
        task: The task.
        number: The version.
        path: Its folder.
        pushed_s: When it was pushed, in seconds since 1970.
        size_bytes: What its files take.
        run: The run that pushed it first; `None` where none is known any more.
        is_served: Whether requests that name neither version nor label get it.
        is_pinned: Whether it is served because a person said so, whatever is pushed after it.
        is_loaded: Whether requests that name it get it.
        labels: Names that it goes by in requests.
    """

    task: str
    number: int
    path: Path
    pushed_s: float
    size_bytes: int
    run: RunRecord | None
    is_served: bool
    is_pinned: bool
    is_loaded: bool
    labels: tuple[str, ...]


def kept_path(env: Environment) -> Path:
    """The `models.config` that says which versions of the pushed models are served."""
    return Path(env.root) / "serving" / "models.config"


def list_versions(env: Environment, task: Task) -> list[Version]:
    """Lists the pushed versions of a task's model, the newest first.

    Args:
        env: Where they are.
        task: The task.

    Raises:
        LianxiError: If what says which are served, or the metadata, is damaged.
    """
    found = find_versions(Path(env.models_dir, task.name))
    if not found:
        return []
    entry = read_entry(env, task.name)
    loaded = entry.policy.select(list(found))
    makers: dict[str, RunRecord] = {}
    for run in read_records(env, task):
        if run.version:
            makers.setdefault(run.version, run)
    return [
        Version(
            task=task.name,
            number=number,
            path=path,
            pushed_s=pushed.pushed_at(number, path),
            size_bytes=_size_bytes(path),
            run=makers.get(path.name),
            is_served=number == max(loaded, default=None),
            is_pinned=number == pinned_of(entry),
            is_loaded=number in loaded,
            labels=tuple(sorted(name for name, each in entry.labels.items() if each == number)),
        )
        for number, path in sorted(found.items(), reverse=True)
    ]


def read_entry(env: Environment, task_name: str) -> ModelEntry:
    """Reads how a pushed model is served.

    Args:
        env: Where it is.
        task_name: The task.

    Returns:
        Its folder on this machine, version policy and labels; the newest version by default.

    Raises:
        LianxiError: If the file that says so is damaged.
    """
    folder = Path(env.models_dir, task_name)
    with readable():
        kept = kept_models.read_kept(kept_path(env)).get(task_name, ModelEntry(folder))
    return ModelEntry(folder, kept.policy, kept.labels)


def pinned_of(entry: ModelEntry) -> int | None:
    """Gives the version that a person pinned; the others of the policy are loaded for labels.

    Args:
        entry: How the model is served.
    """
    return max(entry.policy.versions) if entry.policy.kind == "specific" else None


def needed(env: Environment, task_name: str) -> set[int]:
    """Lists the versions that stay, however old: pinned ones, and those with a label.

    Args:
        env: Where they are.
        task_name: The task.

    Raises:
        LianxiError: If the file that says so is damaged.
    """
    with readable():
        return kept_models.find_needed(kept_path(env), task_name)


def source(env: Environment, config: ServerConfig) -> Callable[[], dict[str, ModelEntry]]:
    """Makes what a server asks for the pushed models: it follows pins and labels while it runs.

    Args:
        env: Where they are.
        config: Of the server; its policies and labels are those of models that the file of pins
            and labels does not name.

    Raises:
        LianxiError: If that file is damaged.
    """
    with readable():
        return kept_models.KeptModels(
            RootSource(Path(env.models_dir), config.entry), kept_path(env)
        )


def answering_entry(env: Environment, task_name: str) -> ModelEntry:
    """Gives what a server of our own needs to answer as others would who name no version.

    Args:
        env: Where the model is.
        task_name: The task.

    Raises:
        LianxiError: If the file of pins and labels is damaged.
    """
    entry = read_entry(env, task_name)
    pinned = pinned_of(entry)
    policy = VersionPolicy() if pinned is None else VersionPolicy.specific(pinned)
    return ModelEntry(entry.base_path, policy)


@contextmanager
def readable() -> Iterator[None]:
    """Says in words where the file of pins and labels cannot be used.

    Raises:
        LianxiError: If it is damaged, or cannot be read or written.
    """
    try:
        yield
    except ServingError as error:
        raise LianxiError(
            f"which versions are served cannot be told: {error.message}. Mend the file, or remove "
            "it: the newest version of each model is served without it"
        ) from error


def _size_bytes(folder: Path) -> int:
    files = (Path(top, name) for top, _, names in os.walk(folder) for name in names)
    return sum(file.lstat().st_size for file in files)
