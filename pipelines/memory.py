"""Memory between components, which all run in one process."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Gives the system what was freed.

    The C library keeps it for later, in pieces that what comes next may not fit into: a component's
    peak would stand on what those before it have long freed. Elsewhere than on Linux with glibc
    this does nothing.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
