"""The files of raw data: which there are, and whether they changed since they were read.

Patterns are held against what lies in the data folder, never against the folder's own name, which
may hold any character. Light: only data on a remote file system needs TFX, which opens it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import Any, Protocol

from modules.common.runtime.errors import DataError

_IN_BRACKETS = re.compile(r"\[.[^]]*\]")


# What lies at the top of a disk, and nobody may read.
_OF_THE_SYSTEM = ("lost+found", "System Volume Information", "$RECYCLE.BIN")


class _Entry(Protocol):
    """What lies in a folder: as much of `os.DirEntry` as is used."""

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> str: ...

    def is_dir(self) -> bool: ...

    def is_file(self) -> bool: ...

    def is_symlink(self) -> bool: ...


@dataclass(frozen=True)
class _RemoteEntry:
    """What lies in a remote folder."""

    name: str
    path: str

    def is_dir(self) -> bool:
        return bool(_remote().isdir(self.path))

    def is_file(self) -> bool:
        return not self.is_dir()

    def is_symlink(self) -> bool:
        return False


def find_files(folder: str, patterns: Iterable[str]) -> list[str]:
    """Lists the files in a folder that match.

    Args:
        folder: Local or remote.
        patterns: Relative to the folder, with `*`, `?` and `[...]`, none of which stands for `/`,
            or for the point that a hidden name begins with. In a file's name that has a `*`, large
            and small letters are the same, so that `*.csv` finds `A.CSV`.

    Returns:
        Their paths, each once, sorted. A link that leads nowhere is among them: reading it says so.

    Raises:
        DataError: If a folder cannot be listed, or a name is not UTF-8.
    """
    return sorted(_find(folder, _split_glob(patterns)))


def has_files(folder: str | os.PathLike[str], patterns: Iterable[str]) -> bool:
    """Tells whether `find_files` would find anything."""
    return next(_find(os.fspath(folder), _split_glob(patterns)), None) is not None


def list_folder(folder: str) -> list[str]:
    """Lists the names in a folder, hidden ones too, sorted.

    Args:
        folder: Local or remote.

    Raises:
        DataError: If it cannot be listed.
    """
    return sorted(entry.name for entry in _entries(folder))


def is_folder(path: str) -> bool:
    """Tells whether there is a folder, local or remote."""
    return bool(_remote().isdir(path)) if "://" in path else os.path.isdir(path)


def is_there(path: str) -> bool:
    """Tells whether there is anything, local or remote; a link that leads nowhere is something."""
    return bool(_remote().exists(path)) if "://" in path else os.path.lexists(path)


def check_name(path: str) -> None:
    """Refuses a path that no record, message or metadata could hold.

    Raises:
        DataError: If it is not UTF-8.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        raise DataError(
            f"expected names in UTF-8, found {shown}; rename it, or all in a folder, such as those "
            "of an archive from Windows: convmv -r -f gbk -t utf8 --notest FOLDER"
        ) from None


def fingerprint(paths: Iterable[str]) -> str:
    """Digests names, sizes and times of files, not what is in them.

    Of local files also which file it is that goes by a name, and when that was last changed: so
    names that were exchanged are noticed, and so is an edit after which the time was set back.

    Args:
        paths: Local or remote. What is not there has a fingerprint too.

    Returns:
        16 hexadecimal digits.
    """
    return digest_of_states(_state(path) for path in paths)


def digest_of_states(states: Iterable[tuple[object, ...]]) -> str:
    """Digests what is known of each file, its name first, in whatever order they come.

    Returns:
        16 hexadecimal digits.
    """
    # Names may hold any character but this.
    text = "\0\0".join(sorted("\0".join(map(str, state)) for state in states))
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:16]


def _state(path: str) -> tuple[object, ...]:
    try:
        if "://" in path:
            state = _remote().stat(path)
            return path, state.length, state.mtime_nsec
        found = os.stat(path)
    except OSError as error:
        return path, type(error).__name__
    return path, found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _split_glob(patterns: Iterable[str]) -> list[tuple[str, ...]]:
    return sorted({tuple(pattern.split("/")) for pattern in patterns if pattern})


def _find(folder: str, patterns: Sequence[tuple[str, ...]]) -> Iterator[str]:
    files = tuple(parts[0] for parts in patterns if len(parts) == 1)
    is_wanted = _compile_glob(files, any_case=True).match
    below: dict[str, list[tuple[str, ...]]] = {}
    for parts in patterns:
        if len(parts) > 1:
            below.setdefault(parts[0], []).append(parts[1:])
    deeper = [(_compile_glob((name,)).match, rest) for name, rest in below.items()]
    for entry in _entries(folder):
        if is_wanted(entry.name) and _is_file(entry):
            check_name(entry.path)
            yield entry.path
        inner = [each for matches, rest in deeper if matches(entry.name) for each in rest]
        if inner and entry.is_dir():
            yield from _find(entry.path, inner)


def _is_file(entry: _Entry) -> bool:
    return entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path))


@functools.lru_cache
def _compile_glob(patterns: tuple[str, ...], any_case: bool = False) -> re.Pattern[str]:
    """Makes a pattern of names that match one of the globs.

    Args:
        patterns: Globs.
        any_case: Whether `*.csv` stands for `.CSV` too; names without `*` are always exact.
    """
    if not patterns:
        return re.compile(r"(?!)")
    compiled = []
    for pattern in patterns:
        hidden_too = "" if pattern.startswith(".") else r"(?!\.)"
        flags = "(?i:" if any_case and "*" in _IN_BRACKETS.sub("", pattern) else "(?:"
        compiled.append(f"{hidden_too}{flags}{translate(pattern)})")
    return re.compile("|".join(compiled))


def _entries(folder: str) -> Iterator[_Entry]:
    if "://" in folder:
        for name in _remote().listdir(folder):
            yield _RemoteEntry(name.rstrip("/"), os.path.join(folder, name.rstrip("/")))
        return
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError as error:
        if isinstance(error, PermissionError) and os.path.basename(folder) in _OF_THE_SYSTEM:
            return
        raise DataError(
            f"the folder {folder} cannot be listed: {error.strerror or error}; change who may read "
            "it, or take it away from the data"
        ) from error


def _remote() -> Any:
    """TFX's file systems take seconds to import; only remote data needs them."""
    from tfx.dsl.io import fileio

    return fileio
