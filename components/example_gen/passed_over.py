"""Counts of the files that a run passed over, kept beside its examples."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence

from tfx.dsl.io import fileio

from components.example_gen.read_config import ReadConfig
from modules.common.reading.data_files import find_files
from modules.common.reading.file_endings import ending_of, is_unread
from modules.common.reading.unread_files import all_files, by_ending, check_groups, folders_of

_FILE = "quarantine/passed_over.json"


def find(config: ReadConfig, patterns: Sequence[str]) -> dict[str, int]:
    """Counts the files in the data folder that match none of the globs.

    Args:
        config: Says where the folder is.
        patterns: Relative to it.

    Raises:
        DataError: If a folder holds data of which nothing can be read.
    """
    read = {config.relative(path) for path in find_files(config.data_dir, patterns)}
    passed = [path for path in all_files(config.data_dir) if path not in read]
    depths = {pattern.count("/") for pattern in patterns}
    check_folders(read, [path for path in passed if path.count("/") in depths])
    endings = {ending_of(path) for path in read}
    elsewhere = [path for path in passed if ending_of(path) in endings]
    others = by_ending(path for path in passed if ending_of(path) not in endings)
    return others | {
        f"{ending} in other folders": count for ending, count in by_ending(elsewhere).items()
    }


def check_folders(read: Collection[str], passed: Collection[str]) -> None:
    """Refuses data of which a folder holds none that can be read.

    Args:
        read: Paths of the files that are read, relative to the data folder.
        passed: Paths of those that are not.

    Raises:
        DataError: With the endings found.
    """
    endings = {ending_of(path) for path in read}
    check_groups(read, passed, folders_of, lambda path: is_unread(path, endings), "folder")


def write(counts: Mapping[str, int], output_dir: str) -> None:
    """Writes the counts, if there are any.

    Args:
        counts: Files by ending.
        output_dir: The examples artifact.
    """
    if not counts:
        return
    path = os.path.join(output_dir, _FILE)
    fileio.makedirs(os.path.dirname(path))
    with fileio.open(path, "w") as file:
        file.write(json.dumps(counts, ensure_ascii=False))


def read(output_dir: str) -> dict[str, int]:
    """Reads them back; nothing where there were none.

    Args:
        output_dir: The examples artifact.
    """
    path = os.path.join(output_dir, _FILE)
    if not fileio.exists(path):
        return {}
    with fileio.open(path) as file:
        counts: dict[str, int] = json.loads(file.read())
    return counts
