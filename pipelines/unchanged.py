"""A run of which nothing has changed: answered by what the run before it left.

TFX finds out component by component what its cache holds, and importing it takes seconds. After a
run that pushed, all that it depended on and all that it left is noted; while both are as they were,
the next run would take everything from the cache, and says so without TFX. Whatever differs, and
whatever cannot be told, is for TFX to look at.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.artifact_contents import read_contents
from components.pushed_versions import is_newest
from modules.common.declaring.settings import Settings, as_dict
from modules.common.declaring.task import Task
from modules.common.reading.data_files import find_files, fingerprint
from modules.common.runtime import stack
from modules.common.runtime.digest import ROOT, file_digests
from pipelines.data import DataLocation
from pipelines.engines.choice import LOCAL
from pipelines.environment import Environment
from pipelines.locks import is_held
from pipelines.recorded_runs import find_number

if TYPE_CHECKING:
    from pipelines.results import RunResult

# What a run is made of; of the tasks, its own alone.
_PACKAGES = ("components", "gallery", "lianxi_client", "modules/common", "pipelines", "serving")
_SOURCES = ("*.py", "*.pbtxt", "*.html", "*.css", "*.js", "*.svg")


@dataclass(frozen=True, kw_only=True)
class LastPush:
    """A run that pushed, and what holds as long as nothing changes.

    Attributes:
        asked: Digest of all that the run depended on.
        metadata: Bytes of the metadata store, and when it was last written to, in nanoseconds.
        contents: Bytes of files by their paths in the artifacts' folders.
        model: The pushed copy of the model, an artifact.
        run: What people call the run, `name_gender@7`.
        said: What the terminal showed of each component, in their order.
        told: What `--json` printed.
    """

    asked: str
    metadata: tuple[int, int]
    contents: Mapping[str, Mapping[str, int]]
    model: str
    run: str
    said: Mapping[str, str]
    told: Mapping[str, Any]


def digest_asked(
    task: Task,
    env: Environment,
    location: DataLocation,
    settings: Settings,
    choices: Mapping[str, bool],
) -> str:
    """Digests all that a run's outcome depends on.

    Args:
        task: The declaration.
        env: Where it runs.
        location: The data.
        settings: Resolved settings.
        choices: What else was asked for, by the names of `builder.Options`.

    Returns:
        A digest; nothing where more than that decides, so that it must be run.
    """
    # A warm start begins with what was pushed last, spans are compared with those before, and
    # engines elsewhere have files of their own.
    if not choices["cache"] or choices["warm_start"] or location.spans or env.engine != LOCAL:
        return ""
    files = find_files(location.folder, location.patterns) if location.folder else []
    values = as_dict(settings)
    named = {each.name: str(values[each.name]) for each in task.declared if each.is_file}
    depends_on = {
        "settings": values,
        "files": file_digests(named),
        "data": [location.files, location.drawn, fingerprint(files)],
        "env": dataclasses.asdict(dataclasses.replace(env, given_root="")),
        "choices": dict(choices),
        "versions": stack.read_versions(),
        "source": _digest_sources(task.name),
    }
    return hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()


def keep(
    task: Task, env: Environment, asked: str, result: RunResult, said: Mapping[str, str]
) -> None:
    """Notes a run that pushed; forgets the one before where this one did not.

    Args:
        task: The declaration.
        env: Where it ran.
        asked: What `digest_asked` gave before it began.
        result: What came of it.
        said: What the terminal showed of each component.
    """
    path = _path(env, task.name)
    # The run is over, and what it made is there; without a note the next one asks TFX.
    with suppress(OSError):
        path.unlink(missing_ok=True)
        outputs = {each.name: each.outputs for each in result.outcomes}
        if not (asked and result.pushed and outputs.get("Pusher")):
            return
        store = Path(env.metadata_path(task.name))
        uris = [each.uri for parts in outputs.values() for part in parts.values() for each in part]
        last = LastPush(
            asked=asked,
            metadata=_state_of(store),
            contents={uri: read_contents(uri) for uri in uris},
            model=outputs["Pusher"]["pushed_model"][0].uri,
            run=f"{task.name}@{find_number(store, result.run_id)}",
            said=dict(said),
            told=result.to_json(),
        )
        unfinished = path.with_suffix(f".{os.getpid()}")
        text = json.dumps(dataclasses.asdict(last), ensure_ascii=False)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)


def find(task: Task, env: Environment, asked: str) -> LastPush | None:
    """Finds the run that another one would repeat.

    Args:
        task: The declaration.
        env: Where it would run.
        asked: What `digest_asked` gave.

    Returns:
        The run; None where anything differs from what it noted, or is gone.
    """
    store = Path(env.metadata_path(task.name))
    try:
        content = json.loads(_path(env, task.name).read_text(encoding="utf-8"))
        last = LastPush(**content)
        state = _state_of(store)
    except (OSError, ValueError, TypeError):
        return None
    if not asked or asked != last.asked or list(state) != list(last.metadata):
        return None
    if is_held(store.with_suffix(".lock")) or not _is_all_there(last):
        return None
    return last if is_newest(last.model, os.path.dirname(last.told["pushed"])) else None


def _is_all_there(last: LastPush) -> bool:
    report = last.told["paths"].get("report_html")
    if report is None or not os.path.isfile(report):
        return False
    return all(
        wanted.items() <= read_contents(uri).items() and os.path.exists(uri)
        for uri, wanted in last.contents.items()
    )


def _path(env: Environment, task_name: str) -> Path:
    return Path(env.pipeline_dir(task_name)) / "last_push.json"


def _state_of(store: Path) -> tuple[int, int]:
    state = store.stat()
    return state.st_size, state.st_mtime_ns


def _digest_sources(task_name: str) -> str:
    """Digests the project's files, whether or not a run imports them: most of it does."""
    digest = hashlib.sha256()
    folders = (*_PACKAGES, f"modules/{task_name}", f"schemas/{task_name}")
    for folder in folders:
        paths = {path for pattern in _SOURCES for path in ROOT.joinpath(folder).rglob(pattern)}
        for path in sorted(paths):
            name = str(path.relative_to(ROOT)).encode()
            digest.update(name + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
