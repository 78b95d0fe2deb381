"""Versions of a model in a local folder of TensorFlow Serving's layout, and adding one to them.

A version appears there at once and whole: it is copied under a name that no server reads, and then
renamed. Numbers are seconds since 1970, as TFX has them, but always above those that are there.
"""

from __future__ import annotations

import errno
import fcntl
import filecmp
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from serving.models.versions import find_versions, is_ready, version_number

_UNFINISHED = ".pushing-"
_FINGERPRINT = "fingerprint.pb"
_IDLE_S = 60.0
"""A version without its model file is being copied by somebody else, unless nothing happens."""


def publish(model: str, folder: str) -> str:
    """Makes a SavedModel the newest version, unless it is that already.

    What pushes that were cut short left behind is removed.

    Args:
        model: Folder of the SavedModel.
        folder: The model's folder, with a folder for each version; made if absent.

    Returns:
        The number of the version.

    Raises:
        OSError: If it cannot be copied; nothing of it is left then.
    """
    os.makedirs(folder, exist_ok=True)
    with _alone_in(folder):
        for path in leftovers(folder):
            shutil.rmtree(path)
        newest = _newest(folder)
        if newest and _is_copy(model, str(newest)):
            return newest.name
        with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as place:
            copy = os.path.join(place, "model")
            shutil.copytree(model, copy, copy_function=shutil.copyfile)
            os.utime(copy)
            return _rename(copy, folder)


def is_newest(model: str, folder: str) -> bool:
    """Tells whether the newest version of a model is a whole copy of a SavedModel.

    Args:
        model: Folder of the SavedModel.
        folder: The model's folder.
    """
    newest = _newest(folder)
    return newest is not None and _is_copy(model, str(newest))


def leftovers(folder: str) -> list[str]:
    """Lists what pushes that were cut short left behind, as long as none is under way.

    Args:
        folder: A model's folder.
    """
    if not os.path.isdir(folder):
        return []
    with os.scandir(folder) as entries:
        folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    return [entry.path for entry in folders if _is_leftover(entry)]


def _newest(folder: str) -> Path | None:
    versions = find_versions(Path(folder))
    return versions[max(versions)] if versions else None


def _is_leftover(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(_UNFINISHED):
        return True
    if version_number(entry.name) is None or is_ready(Path(entry.path)):
        return False
    paths = (os.path.join(top, name) for top, _, names in os.walk(entry.path) for name in names)
    changed_at = max(os.lstat(path).st_mtime for path in (entry.path, *paths))
    return abs(time.time() - changed_at) > _IDLE_S


def _rename(copy: str, folder: str) -> str:
    """Gives a copy the next number."""
    while True:
        taken = (version_number(name) for name in os.listdir(folder))
        newest = max((number for number in taken if number is not None), default=0)
        version = str(max(int(time.time()), newest + 1))
        try:
            os.rename(copy, os.path.join(folder, version))
            return version
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise


def _is_copy(one: str, other: str) -> bool:
    """Compares the files of two SavedModels; by name and size where both name their export."""
    files, others = _sizes(one), _sizes(other)
    if not files or not files.items() <= others.items():
        return False
    told = [_FINGERPRINT] if _FINGERPRINT in files else list(files)
    return not any(filecmp.cmpfiles(one, other, told, shallow=False)[1:])


def _sizes(folder: str) -> dict[str, int]:
    paths = (os.path.join(top, name) for top, _, names in os.walk(folder) for name in names)
    return {os.path.relpath(path, folder): os.lstat(path).st_size for path in paths}


@contextmanager
def _alone_in(folder: str) -> Iterator[None]:
    """Keeps two pushes of one model apart, of whatever pipelines they are."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network file systems have no locks; pushes are then as far apart as users keep them.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
