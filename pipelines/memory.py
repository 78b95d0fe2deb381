"""Memory between components, which all run in one process."""

from __future__ import annotations

import ctypes
import gc


def give_back() -> None:
    """Frees what nothing refers to, such as a trained model, and gives it to the system.

    The C library keeps what is freed for later, in pieces that what comes next may not fit into: a
    component's peak would stand on what those before it no longer need. It takes a quarter of a
    second or two. Elsewhere than on Linux with glibc nothing is given to the system.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
