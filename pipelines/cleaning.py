"""What takes room under a root and is of no more use, by kind, and the removing of it.

Nothing is removed that the newest runs of a task, the next run's cache, or the next comparison with
a blessed model needs; `metadata_pruning` says what that is.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from components.pushed_versions import leftovers
from modules.common.runtime.errors import LianxiError
from pipelines import last_run, metadata_pruning, versions
from pipelines.environment import Environment
from pipelines.locks import is_held
from pipelines.metadata_pruning import Kept
from pipelines.windows import windows_dir
from serving.models.versions import find_versions

# What runs of a task's pipelines end with, by what their names add to the task's.
_LAST_NODES = {"": "Pusher", "_evaluate": "Evaluator", "_schema": "SchemaGen"}
INFERENCE = "_infer_"
"""What stands between the task's name and the digest of its file in the name of an inference."""
# Where TFX's executors and drivers work; of no use once no run is under way.
_SYSTEM = ".system"


@dataclass(frozen=True, kw_only=True)
class Find:
    """Files and folders of one kind that may go.

    Attributes:
        what: The kind, in words.
        paths: What would be removed.
        size_bytes: What that frees.
    """

    what: str
    paths: tuple[Path, ...]
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What cleaning up after a task would remove.

    Attributes:
        finds: Files and folders, by kind; kinds of which there are none are left out.
        stores: Metadata stores that hold more than is kept, with what is kept.
    """

    finds: tuple[Find, ...]
    stores: tuple[tuple[Path, Kept], ...]

    @property
    def size_bytes(self) -> int:
        """What the files and folders take."""
        return sum(find.size_bytes for find in self.finds)

    @property
    def runs(self) -> int:
        """How many runs the stores would forget."""
        return sum(kept.runs - len(kept.run_ids) for _, kept in self.stores)


def make_plan(env: Environment, task_name: str, keep: int) -> Plan:
    """Finds what can go.

    Args:
        env: Where the task keeps its things.
        task_name: The task.
        keep: How many runs, and how many pushed versions, are kept.

    Raises:
        LianxiError: If metadata cannot be read.
    """
    room = _Room()
    for suffix, last_node in _LAST_NODES.items():
        room.sort(env, task_name + suffix, keep, last_node)
    finds = (
        _find(f"artifacts of runs before the last {keep}", room.old),
        _find(
            "leftovers of runs that were cut short",
            [*room.orphans, *map(Path, leftovers(os.path.join(env.models_dir, task_name)))],
        ),
        _find("inferences that were cut short", _cut_short_inferences(env, task_name)),
        _find("empty working folders", room.workplaces),
        _find(
            f"reports of runs before the last {keep}",
            _unkept_reports(env, task_name, room.run_names),
        ),
        _find(f"pushed versions before the last {keep}", old_versions(env, task_name, keep)),
        _find(
            "sample data that no kept run reads",
            _unread(env.sample_dir(task_name), room.data_folders),
        ),
        _find(
            "joined spans of data that no kept run reads",
            _unread(windows_dir(env, task_name), room.data_folders),
        ),
    )
    return Plan(finds=tuple(find for find in finds if find.paths), stores=tuple(room.stores))


@dataclass
class _Room:
    """What a task's pipelines have in their folders, sorted by whether it is needed."""

    old: list[Path] = field(default_factory=list)
    orphans: list[Path] = field(default_factory=list)
    workplaces: list[Path] = field(default_factory=list)
    data_folders: set[str] = field(default_factory=set)
    run_names: set[str] = field(default_factory=set)
    stores: list[tuple[Path, Kept]] = field(default_factory=list)

    def sort(self, env: Environment, name: str, keep: int, last_node: str) -> None:
        """Takes in one pipeline."""
        store = Path(env.metadata_path(name))
        kept = metadata_pruning.find_kept(store, keep, last_node, _read_remembered(env, name))
        known = set(map(os.path.realpath, kept.known_folders))
        needed = set(map(os.path.realpath, kept.folders))
        folder = Path(env.pipeline_dir(name))
        for each in _artifact_folders(folder):
            place = os.path.realpath(each)
            if place not in needed:
                (self.old if place in known else self.orphans).append(each)
        for each in sorted(folder.glob(f"*/{_SYSTEM}/*/*")):
            is_used = not each.is_dir() or any(each.iterdir())
            (self.orphans if is_used else self.workplaces).append(each)
        self.run_names |= kept.run_names
        self.data_folders |= set(map(os.path.realpath, kept.data_folders))
        if kept.runs > len(kept.run_ids):
            self.stores.append((store, kept))


def carry_out(plan: Plan) -> None:
    """Removes what a plan names; the metadata first, so that no cache believes in what is gone.

    Args:
        plan: What `make_plan` found. No run of the task may be under way.

    Raises:
        LianxiError: If something cannot be removed; it says what.
    """
    for store, kept in plan.stores:
        metadata_pruning.prune(store, kept)
    for find in plan.finds:
        for path in find.paths:
            _remove(path)


def old_versions(env: Environment, task_name: str, keep: int) -> list[Path]:
    """Lists pushed versions of a task beyond the newest; none that is pinned or has a label.

    Args:
        env: Says where models are pushed to.
        task_name: The task.
        keep: How many of the newest are kept; at least one.
    """
    found = find_versions(Path(env.models_dir, task_name))
    needed = versions.needed(env, task_name)
    return [path for number, path in sorted(found.items())[:-keep] if number not in needed]


def _read_remembered(env: Environment, name: str) -> list[str]:
    """Gives folders that commands after a run read, such as `lianxi evaluate`."""
    try:
        run = last_run.load(env, name)
    except LianxiError:
        return []
    return [run.model, run.evaluation]


def _artifact_folders(folder: Path) -> Iterator[Path]:
    """Finds what executions wrote: `<node>/<output>/<number of the execution>`."""
    for node in _entries(folder):
        for output in _entries(node):
            if output.name != _SYSTEM:
                yield from (path for path in _entries(output) if path.name.isdigit())


def _cut_short_inferences(env: Environment, task_name: str) -> list[Path]:
    """Lists what pipelines of `lianxi infer` left, which remove it themselves at their end."""
    found: list[Path] = []
    begin = f"{task_name}{INFERENCE}"
    stores = Path(env.metadata_path(begin)).parent.glob(f"{begin}*.sqlite")
    folders = Path(env.pipeline_dir(begin)).parent.glob(f"{begin}*")
    for name in sorted({path.stem for path in (*stores, *folders)}):
        store = Path(env.metadata_path(name))
        if not is_held(store.with_suffix(".lock")):
            places = (Path(env.pipeline_dir(name)), store, store.with_suffix(".lock"))
            found += [path for path in places if path.exists()]
    return found


def _unkept_reports(env: Environment, task_name: str, run_names: set[str]) -> list[Path]:
    reports = _entries(Path(env.reports_dir(task_name)))
    return [path for path in reports if path.stem not in run_names]


def _unread(folder: str, data_folders: set[str]) -> list[Path]:
    made = _entries(Path(folder))
    return [path for path in made if os.path.realpath(path) not in data_folders]


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []


def _find(what: str, paths: Iterable[Path]) -> Find:
    found = tuple(paths)
    return Find(what=what, paths=found, size_bytes=sum(map(_size_bytes, found)))


def _size_bytes(path: Path) -> int:
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    files = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    return sum(file.lstat().st_size for file in files)


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise LianxiError(
            f"{path} cannot be removed: {error.strerror}; whose is it? What was removed before it "
            "is gone for good, and `lianxi clean` goes on from there"
        ) from error
