"""Memory that is given back between components."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np

from pipelines.memory import give_back, giving_back

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES / 1e6


def test_what_lies_between_what_is_still_used_is_given_back() -> None:
    # Small enough to come from the heap, which cannot shrink below its last piece.
    arrays = [np.ones(8_000) for _ in range(4_000)]
    # As graphs do, all refer to one another.
    ring: list[object] = arrays[:-1]
    ring.append(ring)
    full_mb = resident_mb()
    del arrays[:-1], ring
    give_back()
    assert resident_mb() < full_mb - 200
    assert arrays[0].sum() == 8_000


def test_what_a_thread_freed_is_given_back_when_the_process_has_grown() -> None:
    kept: list[np.ndarray] = []

    def work() -> None:
        arrays = [np.ones(8_000) for _ in range(4_000)]
        kept.append(arrays[-1])

    with giving_back():
        before_mb = resident_mb()
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
        deadline_s = time.monotonic() + 30
        while resident_mb() > before_mb + 100 and time.monotonic() < deadline_s:
            more = np.ones(20_000_000)
            time.sleep(0.5)
            del more
        assert resident_mb() < before_mb + 100
    assert kept[0].sum() == 8_000
