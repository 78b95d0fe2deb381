"""Counts of the files that a run passed over, kept beside its examples."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from tfx.dsl.io import fileio

_FILE = "quarantine/passed_over.json"


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
