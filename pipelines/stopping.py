"""What Ctrl-C, SIGTERM and a terminal that is closed do: one message, nothing left behind, the end.

A thread does it, at once: the main thread may be deep in a library, which would take an exception
for a failure of its own, or not look at signals for a while. All that a run keeps is written so
that it may end at any moment, as by a lost machine; the same command goes on from there.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import ClassVar

from pipelines import temporary

_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "its terminal closed"}
_SIGNALLED = 128
_GRACE_S = 1.0
_UNDO_S = 10.0
# Shows the cursor, which a live display hides, on a line of its own.
_CLEAN_LINE = b"\r\x1b[2K\x1b[?25h"


class _State:
    """What the message says, and where; replaced as the command goes on."""

    is_watched = False
    doing = ""
    kept = "Nothing was changed."
    stream = 2
    undone: ClassVar[list[Callable[[], None]]] = []


def doing(what: str) -> None:
    """Notes what is under way, such as a component's name."""
    _State.doing = what


def note_kept(what: str) -> None:
    """Notes what a person has when the command is stopped: whole sentences."""
    _State.kept = what


@contextmanager
def undoing(what: Callable[[], None]) -> Iterator[None]:
    """Has something done where the process is told to stop inside the block.

    Args:
        what: Ends what would go on elsewhere. It gets a few seconds, in a thread of its own.
    """
    _State.undone.append(what)
    try:
        yield
    finally:
        _State.undone.remove(what)


def say(text: str) -> None:
    """Says something where the message goes, on a line of its own."""
    with suppress(OSError):
        is_terminal = os.isatty(_State.stream)
        os.write(_State.stream, (_CLEAN_LINE if is_terminal else b"") + os.fsencode(f"{text}\n"))


@contextmanager
def say_on(descriptor: int) -> Iterator[None]:
    """Has the message go to another descriptor than 2 inside the block."""
    before, _State.stream = _State.stream, descriptor
    try:
        yield
    finally:
        _State.stream = before


@contextmanager
def watch(folder: Path | None) -> Iterator[None]:
    """Ends the process in a clean way where it is told to stop inside the block.

    Args:
        folder: The process's own temporary folder, if it has one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = {number: signal.getsignal(number) for number in _NAMES}
    # `nohup` has a closed terminal ignored.
    is_hangup_ignored = before[signal.SIGHUP] == signal.SIG_IGN
    handled = [each for each in _NAMES if not (each == signal.SIGHUP and is_hangup_ignored)]
    for number in handled:
        signal.signal(number, _stand_still)
    wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reading, folder), daemon=True).start()
    _State.is_watched = True
    try:
        yield
    finally:
        _State.is_watched = False
        for number in handled:
            signal.signal(number, before[number])
        signal.set_wakeup_fd(wakeup)
        os.close(writing)


def _let_go() -> None:
    """Gives a forked process the usual signals: what is sent to it is not meant for its parent."""
    if _State.is_watched:
        signal.set_wakeup_fd(-1)
        for number in _NAMES:
            if signal.getsignal(number) is _stand_still:
                signal.signal(number, signal.SIG_DFL)


os.register_at_fork(after_in_child=_let_go)


def _stand_still(number: int, frame: FrameType | None) -> None:
    """Keeps the main thread from doing, or saying, anything more."""
    while True:
        time.sleep(60)


def _watch(reading: int, folder: Path | None) -> None:
    while told := os.read(reading, 1):
        # Others may have taken a signal over: a server, or a conversation at a terminal.
        if signal.getsignal(told[0]) is _stand_still:
            _end(signal.Signals(told[0]), folder)
    os.close(reading)


def _end(number: signal.Signals, folder: Path | None) -> None:
    """Says what is kept and how to go on, removes what is temporary, and ends all processes."""
    while_doing = f" during {_State.doing}" if _State.doing else ""
    again = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    text = (
        f"stopped ({_NAMES[number]}){while_doing}. {_State.kept} "
        f"To go on, give the same command again: {again}"
    )
    say(text)
    _undo()
    _end_children()
    if folder is not None:
        temporary.remove(folder)
    os._exit(_SIGNALLED + number)


def _undo() -> None:
    """Ends what would go on elsewhere, without waiting long for it."""
    threads = [threading.Thread(target=what, daemon=True) for what in _State.undone]
    for thread in threads:
        thread.start()
    end_s = time.monotonic() + _UNDO_S
    for thread in threads:
        thread.join(max(0.0, end_s - time.monotonic()))


def _end_children() -> None:
    """Ends the processes that this one started, and theirs."""
    started = _descendants(os.getpid())
    for pid in started:
        _send(pid, signal.SIGTERM)
    end_s = time.monotonic() + _GRACE_S
    while (left := [pid for pid in started if _is_alive(pid)]) and time.monotonic() < end_s:
        time.sleep(0.02)
    # Python's own tracker of shared memory ends, and cleans up, when this process does.
    tracker = _tracker_pid()
    for pid in left:
        if pid != tracker:
            _send(pid, signal.SIGKILL)
    # Not every container has someone who buries the dead.
    with suppress(OSError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _tracker_pid() -> int | None:
    module = sys.modules.get("multiprocessing.resource_tracker")
    return getattr(getattr(module, "_resource_tracker", None), "_pid", None)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(OSError):
        os.kill(pid, number)


def _is_alive(pid: int) -> bool:
    found = _stat(pid)
    return found is not None and found[0] != "Z"


def _descendants(ancestor: int) -> list[int]:
    """Lists the processes below one, by what Linux says of all; elsewhere none."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        found = _stat(int(entry.name))
        if found is not None:
            parents[int(entry.name)] = found[1]
    below: list[int] = []
    rank = [ancestor]
    while rank:
        rank = [pid for pid, parent in parents.items() if parent in rank]
        below += rank
    return below


def _stat(pid: int) -> tuple[str, int] | None:
    """Gives a process's state and its parent, or `None` where there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold anything.
    state, parent = text.rpartition(")")[2].split()[:2]
    return state, int(parent)
