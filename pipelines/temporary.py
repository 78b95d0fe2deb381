"""A folder of its own for what a command's libraries call temporary: gone when the command is.

A process that is killed removes nothing. Its folder holds a lock that the system takes back, by
which the next command knows that nobody needs it any more.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

_VARIABLE = "TMPDIR"
_PREFIX = "lianxi-run-"
_UNFINISHED, _GONE = ".new", ".gone"
_LOCK = "lock"


@contextmanager
def own_folder() -> Iterator[Path | None]:
    """Has this process, and those that it starts, keep temporary files in a folder of their own.

    Yields:
        The folder; `None` where none can be made, and what was there before is used.
    """
    before = tempfile.tempdir, os.environ.get(_VARIABLE)
    try:
        base = Path(tempfile.gettempdir())
        remove_left_behind(base)
        folder, lock = _make(base)
    except OSError:
        # What needs temporary files says so when it does; much needs none.
        yield None
        return
    tempfile.tempdir = os.environ[_VARIABLE] = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before[0]
        os.environ.pop(_VARIABLE)
        if before[1] is not None:
            os.environ[_VARIABLE] = before[1]
        remove(folder)
        lock.close()


def lasting_base() -> Path:
    """Gives where temporary folders are that shall outlive this command."""
    base = Path(tempfile.gettempdir())
    return base.parent if base.name.startswith(_PREFIX) else base


def remove(folder: Path) -> None:
    """Removes a folder into which others may be writing at this moment.

    Args:
        folder: It takes another name first, under which nobody adds to it.
    """
    gone = folder.with_name(folder.name + _GONE)
    with suppress(OSError):
        folder.rename(gone)
    for path in (gone, folder):
        shutil.rmtree(path, ignore_errors=True)


def remove_left_behind(base: Path) -> None:
    """Removes the folders of processes that are no more.

    Args:
        base: Where temporary folders are.
    """
    for folder in base.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if folder.stat().st_uid == os.getuid() and _is_nobodys(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_nobodys(folder: Path) -> bool:
    with (folder / _LOCK).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _make(base: Path) -> tuple[Path, TextIO]:
    """Makes a folder that has its name only once it is locked."""
    made = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}", suffix=_UNFINISHED, dir=base))
    lock = (made / _LOCK).open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder = base / made.name.removeprefix(".").removesuffix(_UNFINISHED)
    made.rename(folder)
    return folder, lock
