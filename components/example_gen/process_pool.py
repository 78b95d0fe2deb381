"""Readers in several processes, for reading that is work for the processor: drawing, decoding.

The processes are spawned, never forked, since TensorFlow and gRPC run threads in this one; they
import the reader's module and no more, so that module must be light. What is under way is bounded,
so that a slow consumer holds the processes back instead of filling memory.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from components.example_gen.read_config import ReadConfig, Reader
from modules.common.runtime.errors import LianxiError

# Few, since a chunk of photographs is kept in memory whole; enough to hide the way to a process.
_CHUNK_ITEMS = 8
_CHUNKS_AHEAD = 2

Results = list[Any]


class ReaderPool:
    """Processes that read. The order of what they read is that of the items."""

    def __init__(self, reader: Reader, config: ReadConfig, processes: int | None = None) -> None:
        """Makes the pool; processes start with the first items.

        Args:
            reader: A function at the top level of a light module.
            config: What it is told; must be picklable.
            processes: How many; as many as this process may use processors, where not given.
        """
        self._processes = processes or len(os.sched_getaffinity(0))
        self._executor = ProcessPoolExecutor(
            self._processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(reader, config),
        )

    def read(self, items: Sequence[Any]) -> Iterator[Results]:
        """Reads items.

        Args:
            items: Paths, or numbers of examples.

        Yields:
            What the reader gave for each item, in the order of the items.

        Raises:
            LianxiError: If a process died.
        """
        chunks = (
            list(items[start : start + _CHUNK_ITEMS])
            for start in range(0, len(items), _CHUNK_ITEMS)
        )
        under_way: deque[Future[list[Results]]] = deque()
        try:
            for chunk in chunks:
                under_way.append(self._executor.submit(_read_chunk, chunk))
                if len(under_way) > _CHUNKS_AHEAD * self._processes:
                    yield from under_way.popleft().result()
            while under_way:
                yield from under_way.popleft().result()
        except BrokenProcessPool as error:
            raise LianxiError(
                "a process that reads examples died; what it wrote is in the log. If memory ran "
                "out, close other programs or read less data"
            ) from error
        finally:
            for future in under_way:
                future.cancel()

    def close(self) -> None:
        """Ends the processes."""
        self._executor.shutdown(wait=True, cancel_futures=True)


_reader: Reader
_config: ReadConfig


def _begin(reader: Reader, config: ReadConfig) -> None:
    """Prepares a process: Ctrl-C is its parent's business, whose end is its own end too."""
    global _reader, _config
    _reader, _config = reader, config
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read_chunk(items: list[Any]) -> list[Results]:
    return [list(_reader(item, _config)) for item in items]
