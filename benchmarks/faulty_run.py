"""Runs `lianxi run` with a fault inside of one component's executor.

    python benchmarks/faulty_run.py FAULT COMPONENT SECONDS DISK ARGUMENTS-OF-RUN…

The fault is `kill`, `int` or `term`, a signal to this process so many seconds after the executor
began, or later where the executor has already done its work but TFX does not know yet; or `full` or
`readonly`, for which DISK is a file system of its own that artifacts are on, and which is filled,
or made read-only, as the executor begins.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modules.common.runtime.replacing import replace_attribute
from modules.common.runtime.stack import prepare_environment, quiet_imports

prepare_environment()
with quiet_imports():
    from tfx.orchestration.portable import beam_executor_operator, python_executor_operator

    from pipelines import cli

SIGNALS = {"kill": signal.SIGKILL, "int": signal.SIGINT, "term": signal.SIGTERM}
_FILLER = "filler"
# What has to be written at all does not fit any more; a block more or less is the system's.
_BLOCK_BYTES = 4096
_ENDLESS_S = 3600


def interrupt(fault: str, seconds: float) -> None:
    """Sends this process a signal after some time."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), SIGNALS[fault]))
    timer.daemon = True
    timer.start()


def fill(disk: Path) -> None:
    """Leaves no room on a file system."""
    with open(disk / _FILLER, "wb", buffering=0) as file:
        block = bytes(_BLOCK_BYTES * 256)
        while block:
            try:
                file.write(block)
            except OSError:
                block = block[: len(block) // 2]


def make_readonly(disk: Path) -> None:
    """Has a file system refuse to be written to."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


def with_fault(
    run: Callable[..., Any], fault: str, component: str, seconds: float, disk: Path
) -> Callable[..., Any]:
    """Wraps what runs an executor, for one component.

    Args:
        run: TFX's function.
        fault: Which fault.
        component: Id of the node.
        seconds: When a signal comes.
        disk: The file system for the other faults.
    """

    def run_with_fault(info: Any, executor: Any) -> Any:
        if info.pipeline_node.node_info.id != component:
            return run(info, executor)
        if fault == "full":
            fill(disk)
        elif fault == "readonly":
            make_readonly(disk)
        else:
            interrupt(fault, seconds)
        result = run(info, executor)
        if fault in SIGNALS:
            # The executor was quicker; it is still this component's turn, and nothing is published.
            time.sleep(_ENDLESS_S)
        return result

    return run_with_fault


def main() -> None:
    """Runs from the command line."""
    fault, component, seconds, disk, *arguments = sys.argv[1:]
    sys.argv = ["lianxi", "run", *arguments]
    name = "run_with_executor"
    wrapped = with_fault(
        python_executor_operator.run_with_executor, fault, component, float(seconds), Path(disk)
    )
    with replace_attribute(python_executor_operator, name, wrapped):
        # Beam's operator looks the function up in the module of the other.
        assert beam_executor_operator.python_executor_operator is python_executor_operator
        cli.main()


if __name__ == "__main__":
    main()
