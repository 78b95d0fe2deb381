"""Runs the benchmarks, one after another, and writes one table of them.

    python -m benchmarks                    # all, in about half an hour
    python -m benchmarks mfcc starts        # these
    python -m benchmarks --list             # what there is
    python -m benchmarks --out results/     # elsewhere than in docs/

Written are `performance.json` and, for people, `performance.md`: each figure beside its goal, with
the machine and the versions. What is not run keeps its figures. Leave the machine alone meanwhile.
A figure that is worse by a tenth than the one written last is red, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.performance_page import Row, describe_machine, read_rows, write_page
from benchmarks.suite import ROOT, SUITE, Benchmark
from benchmarks.told import read_figures


def run(benchmark: Benchmark, console: Console) -> list[Row]:
    """Runs one; says what it printed where it fails.

    Args:
        benchmark: Which.
        console: Where a person reads.

    Returns:
        A row for each figure; none where it could not be run.
    """
    missing = [path for path in benchmark.needs if not path.exists()]
    if missing:
        console.print(f"{benchmark.name}: left out, since {missing[0]} is not there")
        return []
    command = [sys.executable, str(ROOT / "benchmarks" / benchmark.script), *benchmark.arguments]
    began = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=benchmark.limit_s, env=environment
        )
    except subprocess.TimeoutExpired:
        console.print(f"[red]{benchmark.name}: not done after {benchmark.limit_s:.0f} s[/]")
        return []
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-5:])
        console.print(f"[red]{benchmark.name} failed:[/]\n{last}", soft_wrap=True)
        return []
    minutes = (time.perf_counter() - began) / 60
    rows = []
    for name, (value, unit) in read_figures(done.stdout).items():
        goal = benchmark.goals.get(name)
        is_most = goal.is_most if goal else unit == "s"
        rows.append(
            Row(
                benchmark=benchmark.name,
                name=name,
                value=value,
                unit=unit,
                goal=goal.bound if goal else None,
                is_most=is_most,
                minutes=round(minutes, 1),
            )
        )
    return rows


def compare(rows: Sequence[Row], before: Sequence[Row], console: Console) -> int:
    """Prints figures beside those before; gives how many are worse by a tenth."""
    known = {(row.benchmark, row.name): row for row in before}
    worse = 0
    for row in rows:
        last = known.get((row.benchmark, row.name))
        is_worse = last is not None and row.is_worse_than(last)
        worse += is_worse
        was = f", was {last.word_value()}" if last else ""
        colour = "red" if is_worse else "green" if row.is_reached else "default"
        console.print(f"  [{colour}]{row.name}: {row.word_value()}[/]{row.word_goal()}{was}")
    return worse


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [each.name for each in SUITE]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--list", action="store_true", help="say what there is and stop")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of the table")
    given = parser.parse_args()
    if unknown := set(given.names) - set(names):
        parser.error(f"no benchmark is called {sorted(unknown)[0]}; there are {', '.join(names)}")
    console = Console(highlight=False)
    if given.list:
        for each in SUITE:
            console.print(f"{each.name:<10} {each.compares}")
        return
    stored = given.out / "performance.json"
    before = read_rows(stored)
    rows, worse = list(before), 0
    for benchmark in SUITE:
        if given.names and benchmark.name not in given.names:
            continue
        console.print(f"{benchmark.name}: {benchmark.compares}")
        found = run(benchmark, console)
        worse += compare(found, before, console)
        if found:
            rows = [row for row in rows if row.benchmark != benchmark.name] + found
            given.out.mkdir(parents=True, exist_ok=True)
            write_page(given.out, rows, describe_machine())
    console.print(f"{given.out / 'performance.md'} and {stored.name} have the table")
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
