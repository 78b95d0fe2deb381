"""Memory of a whole `lianxi run seq2seq_chatbot` on one file of dialogue, and on all of a folder.

    python benchmarks/dialogue_memory.py ../shared/data/dialogue
    python benchmarks/dialogue_memory.py ../shared/data/dialogue --one haosys.conv --set epochs=1

The one file is the folder's smallest, unless another is named: a smaller file has fewer different
characters and shorter lines too, on which the model's largest tensors depend. Every process of a
run counts: ten times a second the resident memory of all is summed, pages that they share counted
once. Shown are the peak while each component ran, and that of the run. How long is trained does not
change what is held, so that it is one epoch here unless told otherwise; all else is done to all
that was read.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

_SAMPLE_S = 0.1


class Watch:
    """Samples the memory of a process and of those that it started."""

    def __init__(self, pid: int) -> None:
        """Begins.

        Args:
            pid: The process.
        """
        self._pid = pid
        self.peak_mb = 0.0
        self._since_mb = 0.0
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def take(self) -> float:
        """Gives the peak since this was last called, in MB."""
        # A component may be over before its first sample.
        now_mb = sum(map(measure_held_mb, family(self._pid)))
        since_mb, self._since_mb = max(self._since_mb, now_mb), 0.0
        return since_mb

    def _sample(self) -> None:
        while (mb := sum(map(measure_held_mb, family(self._pid)))) > 0:
            self.peak_mb = max(self.peak_mb, mb)
            self._since_mb = max(self._since_mb, mb)
            time.sleep(_SAMPLE_S)


def family(pid: int) -> list[int]:
    """Gives a process and all that descend from it."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:  # It ended meanwhile.
                continue
    return found


def measure_held_mb(pid: int) -> float:
    """Resident memory of a process, its share of pages that others have too; 0 once it ended."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return sum(int(kib) for kib in re.findall(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)) * 1024 / 1e6


def run(data: Path, settings: list[str], root: str) -> tuple[float, dict[str, float]]:
    """Runs the pipeline.

    Args:
        data: A file or a folder.
        settings: As in `--set`.
        root: Where the run goes.

    Returns:
        Peak in MB, and that while each component ran.
    """
    command = [str(Path(sys.executable).parent / "lianxi"), "run", "seq2seq_chatbot"]
    command += ["--data", str(data), "--root", root, "--no-cache"]
    command += [part for setting in settings for part in ("--set", setting)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    watch, parts = Watch(process.pid), {}
    assert process.stdout is not None
    for line in process.stdout:
        print(f"  {line}", end="", flush=True)
        match = re.match(r"\W*([A-Z]\w+) +\w+ +[\d.]+ s\b", line)
        if match:
            parts[match[1]] = watch.take()
    if process.wait() not in (0, 3):
        raise SystemExit(f"the run failed: {' '.join(command)}")
    return watch.peak_mb, parts


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of .conv files")
    parser.add_argument("--set", dest="settings", action="append", metavar="NAME=VALUE")
    parser.add_argument("--one", metavar="NAME", help="the one file; the smallest if not given")
    given = parser.parse_args()
    files = sorted(given.data.glob("*.conv"), key=lambda path: path.stat().st_size)
    if len(files) < 2:
        parser.error(f"expected two .conv files or more in {given.data}, found {len(files)}")
    one_file = given.data / given.one if given.one else files[0]
    if one_file not in files:
        parser.error(f"expected one of {', '.join(path.name for path in files)}, found {given.one}")
    settings = given.settings or ["epochs=1"]
    peaks = []
    for data in (one_file, given.data):
        size_mb = (
            sum(path.stat().st_size for path in (files if data == given.data else [data])) / 1e6
        )
        print(f"{data}, {size_mb:.1f} MB")
        with tempfile.TemporaryDirectory() as root:
            peaks.append(run(data, settings, root))
    (one, of_one), (all_files, of_all) = peaks
    print(f"\n{'peak of resident memory':28} {one_file.name:>14} {'all files':>12}  ratio")
    for name, mb in of_one.items():
        print(f"{name:28} {mb:11,.0f} MB {of_all[name]:9,.0f} MB {of_all[name] / mb:6.2f}")
    print(f"{'run':28} {one:11,.0f} MB {all_files:9,.0f} MB {all_files / one:6.2f}")


if __name__ == "__main__":
    main()
