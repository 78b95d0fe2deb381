"""Starts the workers that train together, and stays until the chief has exported.

TensorFlow can join other workers only before it has done anything, so that the process of a run
cannot be one of them. On this machine each worker is a process of its own, with a TF_CONFIG of free
ports; where TF_CONFIG is there already, the one worker that it says. `launch_by` has something
else start them.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from modules.common.runtime import errors, progress
from modules.common.runtime.errors import LianxiError
from modules.common.training import arguments, distribution
from modules.common.training.distribution import Distribution

REPORT_VARIABLE = "LIANXI_REPORT_TO"
"""In a worker: where it tells how far it is, JSON by line: a descriptor, or a folder, in which it
has a file of its own; empty where nobody asked."""

_HOST = "127.0.0.1"
_THREADS = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")
_LAST_LINES = 15
# A worker whose neighbour died finds it out a moment later, and what it says hides the cause.
_FIRST_S = 1.0

Launcher = Callable[[Any, str, Distribution], None]
_launchers: list[Launcher] = []


class WorkerError(LianxiError):
    """A worker ended before the training did."""


@contextlib.contextmanager
def launch_by(launcher: Launcher) -> Iterator[None]:
    """Has another function start the workers inside the `with` block.

    Args:
        launcher: Gets what `train` gets; returns when the chief has exported.
    """
    _launchers.append(launcher)
    try:
        yield
    finally:
        _launchers.remove(launcher)


def is_worker() -> bool:
    """Whether this process is one of the workers."""
    return REPORT_VARIABLE in os.environ


def train(fn_args: Any, task_name: str, chosen: Distribution) -> None:
    """Trains a task on several workers.

    Args:
        fn_args: TFX's; only paths and values go to the workers.
        task_name: The task.
        chosen: How many workers are started where there is no TF_CONFIG.

    Raises:
        LianxiError: What ended a worker, with its own class where it is one of ours.
        WorkerError: If a worker ended without a word, or by an error that is not ours.
        WrongUsage: If TF_CONFIG says that the run is not this worker's.
    """
    if _launchers:
        _launchers[-1](fn_args, task_name, chosen)
        return
    distribution.check_run(chosen, None)
    member = distribution.read_member()
    with tempfile.TemporaryDirectory(prefix="lianxi-workers-") as folder:
        shared = os.environ.get(distribution.ARGUMENTS_VARIABLE)
        path = Path(shared or Path(folder, "arguments.json"))
        arguments.write(path, task_name, fn_args)
        try:
            given = [{}] if member is not None else _configurations(chosen.workers)
            _carry_out(path, given, Path(folder))
        finally:
            path.unlink(missing_ok=True)


def _configurations(workers: int) -> list[dict[str, str]]:
    """Gives each worker its TF_CONFIG, and its part of the processor's cores."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(workers)]
        for each in sockets:
            each.bind((_HOST, 0))
        places = [f"{_HOST}:{each.getsockname()[1]}" for each in sockets]
    threads = str(max(1, len(os.sched_getaffinity(0)) // workers))
    return [
        {name: os.environ.get(name, threads) for name in _THREADS}
        | {
            distribution.CLUSTER_VARIABLE: json.dumps(
                {"cluster": {"worker": places}, "task": {"type": "worker", "index": index}}
            )
        }
        for index in range(workers)
    ]


def _carry_out(path: Path, configurations: list[dict[str, str]], folder: Path) -> None:
    """Starts the workers and stays with them; none is left when this returns or raises."""
    started: list[_Worker] = []
    try:
        for index, variables in enumerate(configurations):
            started.append(_Worker(index, path, variables, folder / f"worker_{index}.log"))
        _stay(started)
    finally:
        for worker in started:
            worker.end()


class _Worker:
    """A worker's process: the first is the chief.

    Attributes:
        index: Which it is.
        said: Its error, where it told one: class and message.
    """

    def __init__(self, index: int, path: Path, variables: Mapping[str, str], log: Path) -> None:
        self.index = index
        self.said: tuple[str, str] | None = None
        self._log = log
        self.reading, writing = os.pipe()
        self._unfinished = b""
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "modules.common.training.worker", str(path)],
                env={**os.environ, **variables, REPORT_VARIABLE: str(writing)},
                pass_fds=[writing],
                # It ends when this process does, however that ends.
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        os.close(writing)

    def take_reports(self) -> bool:
        """Reads what it tells, passes on how far it is, and says whether there may be more."""
        told = os.read(self.reading, 1 << 16)
        *lines, self._unfinished = (self._unfinished + told).split(b"\n")
        for line in lines:
            report = json.loads(line)
            if "error" in report:
                self.said = report["error"], report["message"]
            else:
                progress.report(progress.Progress(**report))
        return bool(told)

    def explain(self, workers: int) -> LianxiError:
        """Makes an error of how it ended."""
        if self.said:
            kind = getattr(errors, self.said[0], None)
            if kind is not None:
                return kind(self.said[1])
            return WorkerError(
                f"worker {self.index} of {workers} failed: {self.said[0]}: {self.said[1]}"
            )
        code = self.process.returncode
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        why = ", which the kernel sends when memory runs out" if code == -signal.SIGKILL else ""
        lines = self._log.read_text(encoding="utf-8", errors="backslashreplace").splitlines()
        last = "\n".join(lines[-_LAST_LINES:])
        return WorkerError(
            f"worker {self.index} of {workers} ended with {how}{why}, before the training did, and "
            "the others were ended with it; run again, with fewer workers where memory is short"
            + (f". Its last lines:\n{last}" if last else "")
        )

    def end(self) -> None:
        """Ends it where it runs, and puts what it wrote into the log of this process."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(_FIRST_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.reading)
        written = self._log.read_text(encoding="utf-8", errors="backslashreplace")
        for line in written.splitlines():
            print(f"worker {self.index}: {line}", file=sys.stderr)


def _stay(workers: list[_Worker]) -> None:
    """Stays until the chief has ended well.

    Raises:
        LianxiError: Where it did not, or another worker ended badly before.
    """
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker.reading, selectors.EVENT_READ, worker)
        while True:
            for key, _ in selector.select():
                found: _Worker = key.data
                if found.take_reports():
                    continue
                selector.unregister(found.reading)
                if found.process.wait():
                    raise _find_cause(found, workers).explain(len(workers))
                if found is workers[0]:
                    return


def _find_cause(found: _Worker, workers: list[_Worker]) -> _Worker:
    """Finds the worker that failed first: one that was killed takes all others with it."""
    end_s = time.monotonic() + _FIRST_S
    while any(each.process.poll() is None for each in workers) and time.monotonic() < end_s:
        time.sleep(0.05)
    failed = [each for each in workers if each.process.returncode]
    killed = [each for each in failed if each.process.returncode < 0]
    ours = [each for each in failed if each.said and hasattr(errors, each.said[0])]
    return (killed or ours or [found])[0]
