"""One of the workers that train a task together: `python -m modules.common.training.worker FILE`.

A run on one machine starts all of them itself. On several machines TF_CONFIG on each says which
worker it is; the chief's is started by the run, the others by hand or by a cluster.
"""

from __future__ import annotations

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import argparse  # noqa: E402
import contextlib  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402
from dataclasses import asdict  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from modules.common.runtime import progress  # noqa: E402
from modules.common.runtime.errors import LianxiError  # noqa: E402
from modules.common.training import arguments, distribution, workers  # noqa: E402

_HELP = """\
Trains a task together with the other workers that TF_CONFIG names, and ends with the chief, which
alone exports and writes. Where nothing is written to FILE yet, it waits."""
_EXAMPLE = """\
Two machines, with a folder /shared that both see:

  export TF_CONFIG='{"cluster": {"worker": ["one:2222", "two:2222"]},
                     "task": {"type": "worker", "index": 0}}'     # on two: 1
  export LIANXI_TRAINING_ARGUMENTS=/shared/training.json          # on both

  one$  lianxi run name_gender --strategy multi_worker --root /shared/runs
  two$  python -m modules.common.training.worker /shared/training.json

lianxi run TASK --strategy multi_worker --workers 2 starts both on one machine by itself."""


def main(argv: Sequence[str] | None = None) -> int:
    """Trains as one of the workers.

    Args:
        argv: Arguments; those of the command line where not given.

    Returns:
        The exit code.
    """
    args = _parse(argv)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    tell = _telling(os.environ.get(workers.REPORT_VARIABLE, ""))
    os.environ.setdefault(workers.REPORT_VARIABLE, "")
    os.environ[distribution.STRATEGY_VARIABLE] = distribution.MULTI_WORKER
    try:
        distribution.read_member()
        name, fn_args = arguments.read(args.file, args.wait)
        run_fn = importlib.import_module(f"modules.{name}.trainer").run_fn
        with progress.subscribe(lambda report: tell(asdict(report))):
            run_fn(fn_args)
    except Exception as error:
        logging.exception("this ended the worker")
        said = str(error) or "no message"
        tell({"error": type(error).__name__, "message": said})
        print(f"error: {said}", file=sys.stderr)
        return error.exit_code if isinstance(error, LianxiError) else 1
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m modules.common.training.worker",
        description=_HELP,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="what to train, as the run writes")
    parser.add_argument(
        "--wait", type=float, default=86_400.0, metavar="S",
        help="how long to wait for the file, in seconds; a day by default",
    )  # fmt: skip
    return parser.parse_args(argv)


def _telling(descriptor: str) -> Callable[[dict[str, Any]], None]:
    """Gives what tells the run of something, where a run started this worker."""
    if not descriptor:
        return _print
    if not descriptor.isdigit():
        member = distribution.read_member()
        name = f"{member.kind}-{member.index}" if member else "worker-0"
        path = Path(descriptor, f"{name}.jsonl")
        return lambda report: _append(path, report)
    threading.Thread(target=_end_with_the_run, daemon=True).start()
    stream = os.fdopen(int(descriptor), "w", buffering=1, encoding="utf-8")

    def tell(report: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):
            stream.write(json.dumps(report) + "\n")

    return tell


def _append(path: Path, report: dict[str, Any]) -> None:
    """Tells who reads a file, such as the step that waits for a job."""
    with contextlib.suppress(OSError), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(report) + "\n")
    if "error" not in report:
        _print(report)


def _print(report: dict[str, Any]) -> None:
    if "error" not in report:
        figures = "".join(f", {name} {value:.4g}" for name, value in report["figures"].items())
        print(f"{report['unit']} {report['done']:g} of {report['total']}{figures}", flush=True)


def _end_with_the_run() -> None:
    """Ends this process as soon as the run's end of its standard input is closed."""
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # TensorFlow's own way out waits for workers that may be gone, or is ended by them.
    os._exit(code)
