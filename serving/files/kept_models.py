"""The `models.config` beside the pushed models: which of their versions are served.

It is what `lianxi models` changes, what `lianxi serve` follows while it runs, and what the
tensorflow/serving image is given. Base paths are those of the container; the embedded server takes
from it policies and labels. Models that stand in it with other base paths are a person's, and stay
as they are.
"""

from __future__ import annotations

import dataclasses
import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from serving import errors
from serving.config import ModelEntry
from serving.files.models_config import (
    CONTAINER_ROOT,
    entries_from_proto,
    models_config,
    new_models_config,
)
from serving.files.texts import read_text_proto
from serving.models.notices import Notices, reason
from serving.models.sources import Entries

_LOG = logging.getLogger(__name__)
_HEADING = (
    "# Which versions of the pushed models are served. `lianxi models` changes it.\n"
    "# Models with other base paths than /models/NAME stay as they are.\n"
)


def read_kept(path: Path, container_root: str = CONTAINER_ROOT) -> dict[str, ModelEntry]:
    """Reads what is served of the pushed models.

    Args:
        path: The file; one that is not there says nothing.
        container_root: Where the models are in the container.

    Returns:
        Model name to entry. A model that it does not name is served as by default.

    Raises:
        ServingError: INVALID_ARGUMENT if it is no such file.
        OSError: It cannot be read.
    """
    if not path.is_file():
        return {}
    entries = entries_from_proto(_read(path))
    return {
        name: entry
        for name, entry in entries.items()
        if str(entry.base_path) == f"{container_root}/{name}"
    }


def find_needed(path: Path, model: str) -> set[int]:
    """Lists the versions of a model that must stay on the disk, whatever is cleaned up.

    Args:
        path: The file.
        model: The model.

    Returns:
        Those that its policy names, and those that have a label.

    Raises:
        ServingError: INVALID_ARGUMENT if it is no such file.
        OSError: It cannot be read.
    """
    entry = read_kept(path).get(model)
    return {*entry.policy.versions, *entry.labels.values()} if entry else set()


@contextmanager
def changing(path: Path, container_root: str = CONTAINER_ROOT) -> Iterator[dict[str, ModelEntry]]:
    """Changes what is served of the pushed models, at once, or not at all where it raises.

    Args:
        path: The file; made, with its folder, where absent.
        container_root: Where the models are in the container.

    Yields:
        Model name to entry, to be changed. Of an entry, policy and labels count; models that are
        taken out are taken out of the file.

    Raises:
        ServingError: INVALID_ARGUMENT if it is no such file; FAILED_PRECONDITION if a person has it
            serve a model of that name from elsewhere.
        OSError: It cannot be read or written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = read_kept(path, container_root)
        yield kept
        text = _lay_over(path, kept, container_root)
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)


def _read(path: Path) -> Any:
    proto = read_text_proto(path, new_models_config())
    if proto.WhichOneof("config") == "custom_model_config":
        raise errors.invalid_argument(f"{path}: expected model_config_list")
    return proto


def _lay_over(path: Path, kept: Mapping[str, ModelEntry], container_root: str) -> str:
    """Writes the file anew: the comments at its top, a person's models, and the pushed ones."""
    exists = path.is_file()
    proto = _read(path) if exists else new_models_config()
    others = []
    for config in proto.model_config_list.config:
        is_ours = config.base_path == f"{container_root}/{config.name}"
        if not is_ours and config.name in kept:
            raise errors.failed_precondition(
                f"{path} serves {config.name} from {config.base_path}, as a person wrote it; "
                "rename that model there, or take it out"
            )
        if not is_ours or config.name in kept:
            others.append(config)
    written = new_models_config()
    written.model_config_list.config.extend(others)
    entries = {
        name: dataclasses.replace(entry, base_path=Path(container_root) / name)
        for name, entry in kept.items()
    }
    return (_heading_of(path) if exists else _HEADING) + models_config(entries, written)


def _heading_of(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    count = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(lines[:count])


class KeptModels:
    """The pushed models, served as the file says, which may change while the server runs."""

    def __init__(self, find_models: Callable[[], Entries], path: Path) -> None:
        """Reads the file for the first time.

        Args:
            find_models: Lists the pushed models, as they are served by default.
            path: The file; it may appear later.

        Raises:
            ServingError: It is no such file.
            OSError: It cannot be read.
        """
        self._find_models = find_models
        self._path = path
        self._notices = Notices(_LOG)
        self._state = self._look()
        self._kept = read_kept(path)

    def __call__(self) -> dict[str, ModelEntry]:
        """Lists the models.

        Returns:
            Model name to entry, with policy and labels of the file, or what it said last when it
            could be read.

        Raises:
            OSError: The folder of the models is away.
        """
        self._follow()
        return {
            name: dataclasses.replace(
                entry, policy=self._kept[name].policy, labels=self._kept[name].labels
            )
            if name in self._kept
            else entry
            for name, entry in self._find_models().items()
        }

    def _look(self) -> tuple[int, int, int] | None:
        """Tells one state of the file from another."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def _follow(self) -> None:
        try:
            state = self._look()
            if state == self._state:
                return
            if state is None:
                raise FileNotFoundError(2, "it is gone", str(self._path))
            self._kept = read_kept(self._path)
            self._state = state
        except errors.ServingError as error:
            self._notices.say(f"what is served stays as it is: {error.message}")
        except OSError as error:
            self._notices.say(f"what is served stays as it is: cannot read {reason(error)}")
        else:
            self._notices.clear()
