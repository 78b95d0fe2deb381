r"""`lianxi infer` on many names against `lianxi predict name_gender -`, which asks one by one.

    python benchmarks/infer.py --names 1000000 --lines 50000
    python benchmarks/infer.py --names 100000 --lines 5000 --root lianxi_runs --env smoke
    python benchmarks/infer.py --names 1000000 --lines 50000 -- --engine flink

Both answer with the same pushed model; where none is, one is trained first, of a smoke run. Each
side's start, which does not grow with the rows, is measured on a hundredth of them and taken off,
so that rates are those of the rows. What comes after `--` goes to `lianxi infer`. Memory is the
most that a side's processes together had resident.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scale import Part, Watcher
from scale_data import make_names

_LIANXI = str(Path(sys.executable).parent / "lianxi")
_TASK = "name_gender"


def measure(command: Sequence[str], stdin: Path | None, log: Path) -> Part:
    """Runs a command, and gives what it took.

    Args:
        command: Program and arguments.
        stdin: What it reads; nothing where `None`.
        log: Where its output goes.
    """
    with log.open("w") as said, (stdin or Path("/dev/null")).open() as given:
        process = subprocess.Popen(command, stdin=given, stdout=said, stderr=subprocess.STDOUT)
        watcher = Watcher(process.pid, [])
        watcher.start()
        process.wait()
        watcher.end()
        part = watcher.cut()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{log.read_text()[-2000:]}")
    return part


def describe(side: str, rows: int, whole: Part, start: Part, start_rows: int) -> str:
    """Says what a side took, as a row of a table.

    Args:
        side: What it is.
        rows: How many were answered.
        whole: What that took.
        start: What few rows took.
        start_rows: How many those were.
    """
    more = rows - start_rows
    seconds, cpu_s = whole.seconds - start.seconds, whole.cpu_s - start.cpu_s
    return (
        f"| {side} | {rows:,} | {whole.seconds:,.1f} | {whole.cpu_s:,.1f} | {whole.peak_mib:,.0f} "
        f"| {more / seconds:,.0f} | {1e6 * cpu_s / more:,.0f} | {start.peak_mib:,.0f} |"
    )


def main() -> None:
    """Measures both sides."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--names", type=int, default=1_000_000, help="rows for `lianxi infer`")
    parser.add_argument("--lines", type=int, default=50_000, help="lines for `lianxi predict -`")
    parser.add_argument("--root", type=Path, help="where models are; a temporary folder")
    parser.add_argument("--env", choices=("local", "smoke"), default="smoke")
    own, _, more = "\0".join(sys.argv[1:]).partition("\0--\0")
    arguments = parser.parse_args(own.split("\0") if own else [])
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        where = ["--env", arguments.env, "--root", str(arguments.root or place / "root")]
        log = place / "log"
        if arguments.root is None:
            measure([_LIANXI, "run", _TASK, *where], None, log)
        heads = ("side", "rows", "s", "processor s", "MiB", "rows a second")
        print(f"| {' | '.join(heads)} | processor µs a row | MiB at 1 % |")
        print("|---|---|---|---|---|---|---|---|", flush=True)
        for side, rows in (("infer", arguments.names), ("predict", arguments.lines)):
            parts = []
            for count in (max(1, rows // 100), rows):
                folder = place / f"{side}{count}"
                folder.mkdir()
                make_names(folder, count)
                [table] = folder.glob("*.csv")
                lines = place / "lines.txt"
                with table.open() as cells, lines.open("w") as written:
                    next(cells)
                    written.writelines(f"{cell.split(',')[0].strip()}\n" for cell in cells)
                if side == "infer":
                    out = str(place / f"{count}.jsonl")
                    options = ["--data", str(table), "--out", out, *more.split("\0")]
                    command = [_LIANXI, "infer", _TASK, *filter(None, options), *where]
                    parts.append(measure(command, None, log))
                else:
                    parts.append(measure([_LIANXI, "predict", _TASK, "-", *where], lines, log))
            start, whole = parts
            print(describe(side, rows, whole, start, max(1, rows // 100)), flush=True)


if __name__ == "__main__":
    main()
