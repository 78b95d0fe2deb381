"""Replaces part of a library for a while, where the library has no hook for what is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_INHERITED = object()


@contextmanager
def replace_attribute(target: Any, name: str, value: Any) -> Iterator[None]:
    """Gives a module, class or object another attribute inside the `with` block.

    All threads see it, so callers that may meet hold a lock. It is for libraries that look up in
    their own modules what they call: replacing it there is smaller than a copy of the library, and
    a name that a new version no longer has is an error here rather than a replacement that nothing
    calls. `unittest.mock` does the same, but a reader takes it for a test.

    Args:
        target: Whose attribute it is.
        name: The attribute, which must be there.
        value: What it is in the meantime.

    Raises:
        AttributeError: Where there is nothing to replace.
    """
    getattr(target, name)
    # Not what `getattr` gives: that of a class would be bound, or inherited.
    before = vars(target).get(name, _INHERITED)
    setattr(target, name, value)
    try:
        yield
    finally:
        if before is _INHERITED:
            delattr(target, name)
        else:
            setattr(target, name, before)
