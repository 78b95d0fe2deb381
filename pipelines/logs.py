"""Keeps TFX's thousands of log lines in a file, out of a person's sight.

TensorFlow's C++ side writes to file descriptor 2 whatever Python does, so the descriptor itself is
pointed at the file, and a copy of it is kept for people.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pipelines import stopping

_KEPT_LOGS = 20
_LOG = "lianxi_log"
_RESERVE = ".reserve"
_RESERVED_BYTES = 1 << 16


def new_log_path(logs_dir: str, name: str) -> Path:
    """Gives the path of a new log file, and removes the oldest of more than twenty.

    Args:
        logs_dir: Made if absent.
        name: What the log is of.
    """
    folder = Path(logs_dir)
    folder.mkdir(parents=True, exist_ok=True)
    logs = sorted(folder.glob(f"{name}-*.log"))
    for old in logs[: max(0, len(logs) - _KEPT_LOGS + 1)]:
        old.unlink(missing_ok=True)
    for left in folder.glob(f"{name}-*{_RESERVE}"):
        left.unlink(missing_ok=True)
    return folder / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"


@contextmanager
def logging_to(path: Path) -> Iterator[TextIO]:
    """Sends standard error and all logging to a file.

    What leaves the block as an exception is written there too, with its traceback; `log_of` then
    names the file.

    Args:
        path: The file; appended to.

    Yields:
        A stream to what was standard error.
    """
    sys.stderr.flush()
    person = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    reserve = _reserve(path)
    file = path.open("a", encoding="utf-8", errors="backslashreplace")
    handler = logging.StreamHandler(file)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname).1s %(name)s: %(message)s"))
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    os.dup2(file.fileno(), 2)
    try:
        with stopping.say_on(person.fileno()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield person
    except Exception as error:
        # Where the disk is full, this makes room for the traceback.
        _give_back(reserve)
        logging.getLogger(__name__).error("this ended the command", exc_info=error)
        if path != Path(os.devnull):
            vars(error)[_LOG] = path
        raise
    finally:
        # A disk that is full refuses the last lines; what went wrong is said all the same.
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        _give_back(reserve)
        os.dup2(person.fileno(), 2)
        root.handlers[:], root.level = before[0], before[1]
        with contextlib.suppress(OSError):
            file.close()
        person.close()


def _reserve(path: Path) -> Path:
    """Takes some room beside a log, so that the last lines fit in whatever fills the disk."""
    reserve = path.with_suffix(_RESERVE)
    if path != Path(os.devnull):
        with contextlib.suppress(OSError):
            reserve.write_bytes(bytes(_RESERVED_BYTES))
    return reserve


def _give_back(reserve: Path) -> None:
    with contextlib.suppress(OSError):
        reserve.unlink(missing_ok=True)


def log_of(error: BaseException) -> Path | None:
    """Gives the log that holds an error with its traceback, if one does.

    Args:
        error: What left a block of `logging_to`.
    """
    found: Path | None = vars(error).get(_LOG)
    return found
