"""Seconds until a command that has little to do has done it, and processor seconds of `make setup`.

    python benchmarks/starts.py [--rounds 5] [--setup]

After a smoke run of name_gender: that run again, of which nothing has changed; the same where TFX
is asked about each component; `lianxi evaluate` of its figures; `lianxi predict` by a server that
runs, and without one. Each is a process of its own, in turns; given are medians of the wall-clock
time and of the processor time. `--setup` adds an installation of this commit into a new folder,
whose packages have been fetched before.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from told import tell_figure

ROOT = Path(__file__).resolve().parents[1]
LIANXI = str(Path(sys.executable).parent / "lianxi")
TASK = "name_gender"


def time_command(command: list[str], folder: Path | None = None) -> tuple[float, float]:
    """Runs a command; gives wall-clock and processor seconds, its children's among them."""
    began, before = time.perf_counter(), os.times()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    after = os.times()
    processor = after.children_user + after.children_system
    return (
        time.perf_counter() - began,
        processor - before.children_user - before.children_system,
    )


@contextmanager
def serving(place: list[str]) -> Iterator[None]:
    """Runs `lianxi serve` over what was pushed."""
    command = [LIANXI, "serve", "--port", "0", "--no-rest", *place]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            while not re.match("stop with", process.stdout.readline()):
                assert process.poll() is None
            yield
        finally:
            process.terminate()


def compare(root: str, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Times the commands in turns."""
    place = ["--env", "smoke", "--root", root]
    run = [LIANXI, "run", TASK, *place]
    subprocess.run(run, check=True, capture_output=True)
    note = Path(root, "smoke", "pipelines", TASK, "last_push.json")
    ask = [LIANXI, "predict", TASK, "王婷婷", *place]
    commands = {
        "list": [LIANXI, "list"],
        "run, nothing changed": run,
        "evaluate": [LIANXI, "evaluate", TASK, *place],
        "predict, no server": ask,
    }
    taken: dict[str, list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for name, command in commands.items():
            taken.setdefault(name, []).append(time_command(command))
        note.unlink()
        taken.setdefault("run, asking TFX", []).append(time_command(run))
    with serving(place):
        for _ in range(rounds):
            taken.setdefault("predict, by a server", []).append(time_command(ask))
    return taken


def time_setup() -> tuple[float, float]:
    """Installs this commit into a new folder, a second time: by then all packages are there."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), folder], check=True)
        for _ in range(2):
            subprocess.run(["rm", "-rf", f"{folder}/.venv"], check=True)
            found = time_command(["make", "setup"], Path(folder))
        return found


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--setup", action="store_true", help="time an installation too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        taken = compare(root, given.rounds)
    if given.setup:
        taken["make setup"] = [time_setup()]
    for name, seconds in taken.items():
        wall_s, processor_s = (statistics.median(each) for each in zip(*seconds, strict=True))
        tell_figure(f"{name}, wall clock", wall_s, "s")
        tell_figure(f"{name}, processor", processor_s, "s")


if __name__ == "__main__":
    main()
