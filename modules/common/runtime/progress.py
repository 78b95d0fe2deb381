"""Tells whoever watches a run how far it is, without knowing who that is.

Training and example generation report here; the command line subscribes to draw its bars. With no
subscriber, nothing happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far one component is.

    Attributes:
        done: Units of work done; part of one counts.
        total: Units of work in all, or `None` where that is not known.
        unit: What is counted: `epoch`, `record`.
        figures: Figures to show, by name, such as the loss.
        phase: Which part of the work it is, such as `pass 2/3`.
        quarantined: Bad records so far.
    """

    done: float
    total: int | None
    unit: str
    figures: dict[str, float] = field(default_factory=dict)
    phase: str = ""
    quarantined: int = 0


_subscribers: list[Callable[[Progress], None]] = []


def report(progress: Progress) -> None:
    """Passes `progress` to the subscribers."""
    for subscriber in _subscribers:
        subscriber(progress)


@contextmanager
def subscribe(subscriber: Callable[[Progress], None]) -> Iterator[None]:
    """Has `subscriber` called with every report made inside the `with` block."""
    _subscribers.append(subscriber)
    try:
        yield
    finally:
        _subscribers.remove(subscriber)
