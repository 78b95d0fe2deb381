r"""The two stacks side by side: seconds and figures of the same run on each, in turn.

    python benchmarks/stacks.py .venv/bin/lianxi "chroot ROOT .../.venv/bin/lianxi" \
        name_gender --data names.csv [--rounds 3] [--env smoke]

Each command line is what starts `lianxi` on one stack. Both run the task at the same settings, each
time in a new folder under `--root`, which is a path in both systems; what they write is left there.
The rounds alternate, so that a busy machine slows both. Printed are medians: wall-clock and
processor seconds by component and of the whole process, seconds of `lianxi list`, and the metrics,
which should be the same.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shlex
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from typing import Any

Seconds = tuple[float, float]


def measure(command: list[str]) -> tuple[Seconds, str]:
    """Runs a command.

    Returns:
        Its wall-clock and processor seconds, and the last line that it prints.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in (0, 3):
        sys.exit(process.stderr[-2000:])
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (seconds, cpu_s), (process.stdout.strip().splitlines() or [""])[-1]


def run_once(lianxi: list[str], arguments: list[str], root: str) -> tuple[dict[str, Seconds], Any]:
    """Runs the task once.

    Returns:
        Seconds by component, of the whole, and of `lianxi list`; and the run's result.
    """
    whole, said = measure([*lianxi, "run", *arguments, "--root", root, "--json"])
    result = json.loads(said)
    seconds = {
        each["name"]: (each["seconds"], each["cpu_seconds"]) for each in result["components"]
    }
    seconds["whole process"] = whole
    seconds["lianxi list"] = measure([*lianxi, "list", "--root", root])[0]
    return seconds, result


def main() -> None:
    """Runs both in turn and prints the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("first", help="command line of lianxi on one stack")
    parser.add_argument("second", help="command line of lianxi on the other")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--root", default=f"/tmp/lianxi-stacks-{os.getpid()}")
    options, arguments = parser.parse_known_args()
    measured: list[dict[str, list[Seconds]]] = [defaultdict(list), defaultdict(list)]
    results: list[Any] = [None, None]
    for number in range(options.rounds):
        for stack, command in enumerate((options.first, options.second)):
            root = f"{options.root}/{number}-{stack}"
            seconds, results[stack] = run_once(shlex.split(command), arguments, root)
            for name, value in seconds.items():
                measured[stack][name].append(value)
            print(f"round {number + 1}, stack {stack + 1}: {seconds['whole process'][0]:.1f} s")
    print(f"\n{'':<20}{'first: s':>10}{'cpu s':>8}{'second: s':>12}{'cpu s':>8}{'cpu ratio':>11}")
    for name in measured[0]:
        row = [
            statistics.median(each[axis] for each in stack[name])
            for stack in measured
            for axis in (0, 1)
        ]
        ratio = row[3] / row[1] if row[1] > 0.05 else float("nan")
        print(f"{name:<20}{row[0]:10.2f}{row[1]:8.2f}{row[2]:12.2f}{row[3]:8.2f}{ratio:11.2f}")
    for name, figure in results[0]["metrics"].items():
        print(f"{name:<20}{figure['value']:18.6f}{results[1]['metrics'][name]['value']:20.6f}")


if __name__ == "__main__":
    main()
