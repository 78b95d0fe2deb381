"""Where spans lie: paths with `{SPAN}`, `{VERSION}`, or `{YYYY}`, `{MM}` and `{DD}` in them."""

from __future__ import annotations

import os
import re

_SPAN = re.compile(r"\{(SPAN|VERSION|YYYY|MM|DD)(:\d+)?\}")


def find_fixed_part(data: str) -> str:
    """Gives the folder in which spans lie.

    Args:
        data: Path or URI.

    Returns:
        What comes before the first part of the path that has a placeholder; empty where none has,
        or where there is something that is called just so.
    """
    found = _SPAN.search(data)
    if not found or ("://" not in data and os.path.exists(data)):
        return ""
    return os.path.dirname(data[: found.start()])
