"""Files in a data folder that nothing reads: counted by ending, so that none vanishes silently.

No TensorFlow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import PurePosixPath

from modules.common.reading.data_files import find_files
from modules.common.reading.file_endings import ending_of, is_junk
from modules.common.runtime.errors import DataError

_MAX_DEPTH = 10
_ENDINGS_SHOWN = 8
_GROUPS_SHOWN = 5


def all_files(folder: str, max_depth: int = _MAX_DEPTH) -> list[str]:
    """Lists what lies in a data folder, junk and hidden files aside.

    Args:
        folder: Local or remote.
        max_depth: How many names a path has at most.

    Returns:
        Paths relative to it, sorted.
    """
    patterns = ["/".join(["*"] * depth) for depth in range(1, max_depth + 1)]
    start = len(folder.rstrip("/")) + 1
    found = (path[start:] for path in find_files(folder.rstrip("/"), patterns))
    return [relative for relative in found if not is_junk(relative)]


def by_ending(paths: Iterable[str]) -> dict[str, int]:
    """Counts files by ending, the commonest first.

    Args:
        paths: Of files that are passed over.

    Returns:
        How many there are by `.heic` and the like, or `without an ending`.
    """
    endings = Counter(ending_of(path) for path in paths)
    return {
        f".{ending}" if ending else "without an ending": count
        for ending, count in endings.most_common()
    }


def describe(counts: Mapping[str, int]) -> str:
    """Says such counts in a line, as `3 .heic, 1 .db`."""
    parts = [f"{count:,} {ending}" for ending, count in counts.items()]
    if len(parts) > _ENDINGS_SHOWN:
        others = list(counts.values())[_ENDINGS_SHOWN:]
        parts[_ENDINGS_SHOWN:] = [f"{sum(others):,} of {len(others)} other endings"]
    return ", ".join(parts)


def check_groups(
    read: Iterable[str],
    passed: Collection[str],
    groups_of: Callable[[str], tuple[str, ...]],
    is_meant: Callable[[str], bool],
    what: str,
) -> None:
    """Refuses data of which a folder, or a class, gives nothing.

    Args:
        read: Paths of the files that are read.
        passed: Paths of those that are not.
        groups_of: Names the class, or the folders, of a path, its own first; nothing where it is
            in none.
        is_meant: Tells of a file that is passed over whether it seems to be meant as data.
        what: What such a group is: `class` or `folder`.

    Raises:
        DataError: With the endings found.
    """
    if not any(map(is_meant, passed)):
        return
    giving = {group for path in read for group in groups_of(path)}
    empty: dict[str, list[str]] = {}
    for path in passed:
        own = groups_of(path)[:1]
        if own and own[0] not in giving:
            empty.setdefault(own[0], []).append(path)
    found = {group: paths for group, paths in sorted(empty.items()) if any(map(is_meant, paths))}
    if not found:
        return
    shown = [f"{group!r} ({describe(by_ending(paths))})" for group, paths in found.items()]
    more = f" and {len(shown) - _GROUPS_SHOWN} more" if len(shown) > _GROUPS_SHOWN else ""
    raise DataError(
        f"nothing can be read in {what} {', '.join(shown[:_GROUPS_SHOWN])}{more}; convert these "
        f"files, or move them out of the data folder"
    )


def folders_of(path: str) -> tuple[str, ...]:
    """Gives the folders of a path but for the data folder, the innermost first."""
    return tuple(str(parent) for parent in PurePosixPath(path).parents if str(parent) != ".")
