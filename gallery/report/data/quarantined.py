"""What became no example, and why."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

_MOST_READ = 100_000
_MOST_REASONS, _MOST_PLACES = 12, 3
_MOST_CHARS = 300
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\d+(?:[.,]\d+)*")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Records that were not used for one reason.

    Attributes:
        kind: `bad` or `set aside`.
        reason: The first of them's, in words.
        count: How many they are.
        places: The first of them: file, and place in it.
    """

    kind: str
    reason: str
    count: int
    places: Sequence[str]


def list_reasons(path: str) -> list[Reason]:
    """Counts a quarantine file by reason, the commonest first.

    Reasons that differ only in numbers and in what is quoted are one.

    Args:
        path: The file that ExampleGen wrote; one that is not there holds nothing.
    """
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], str] = {}
    places: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for reject in _read(path):
        kind, reason = str(reject.get("kind", "")), str(reject.get("reason", ""))
        key = (kind, _PARTICULAR.sub("…", reason))
        counts[key] += 1
        first.setdefault(key, reason[:_MOST_CHARS])
        if len(places[key]) < _MOST_PLACES:
            where = ", ".join(filter(None, (reject.get("path"), reject.get("where"))))
            places[key].append(where[:_MOST_CHARS])
    return [
        Reason(kind=key[0], reason=first[key], count=count, places=places[key])
        for key, count in counts.most_common(_MOST_REASONS)
    ]


def _read(path: str) -> Iterator[dict[str, Any]]:
    if not path or not Path(path).is_file():
        return
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in islice(file, _MOST_READ):
            try:
                yield dict(json.loads(line))
            except ValueError:
                continue
