"""An event loop in a thread of its own, for the parts of a server that listen."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class LoopThread:
    """Runs coroutines in one thread, whoever asks for them."""

    def __init__(self) -> None:
        """Prepares; the thread begins with the first coroutine."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="event-loop", daemon=True)

    def run(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Runs a coroutine to its end, from another thread.

        Args:
            coroutine: What to run.

        Returns:
            What it returned.
        """
        if not self._thread.is_alive():
            self._thread.start()
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def call(self, function: Callable[[], object]) -> None:
        """Calls a function in the loop soon, if there still is one.

        Args:
            function: Takes nothing, and does not wait.
        """
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            # It was closed, and there is nobody left to tell.
            return

    def close(self) -> None:
        """Ends the thread; what still runs in it is cancelled."""
        if self._thread.is_alive():
            self.run(_cancel_all())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
