"""A table of faults: each kind, inside the executor of each component, and the run after it.

    python benchmarks/faults.py [--task name_gender] [--faults kill,int,term,full,readonly]

For each kind of fault the task is run at smoke size on a new root until every component was hit
once: each run goes on from where the one before it was stopped, ends the component that was hit,
and is hit in the next. The last run is left alone. Then everything is held against a run that was
never stopped: examples in the artifacts, metrics, one pushed version which answers as it should be,
nothing in the temporary folder, and what `lianxi clean` would still find.

`full` and `readonly` mount a small file system for the artifacts, so they ask for root.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_FAULTY_RUN = Path(__file__).with_name("faulty_run.py")
_LIANXI = str(Path(sys.executable).parent / "lianxi")
_DISK_FAULTS = ("full", "readonly")
_FAULTS = ("kill", "int", "term", *_DISK_FAULTS)
_DISK_MB = 400
_DIGITS = 6


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        code: Its exit code; that of a signal is negative.
        message: The last lines that a person saw.
        left: What it left in its temporary folder.
        result: What `--json` printed, where it did.
    """

    code: int
    message: str
    left: list[str]
    result: dict[str, Any]


def execute(words: list[str], temporary: Path) -> Ended:
    """Runs a command whose temporary files go to a folder of their own."""
    process = subprocess.run(
        words,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    last = process.stdout.strip().splitlines()[-1:] or [""]
    return Ended(
        code=process.returncode,
        message=process.stderr.strip(),
        left=sorted(path.name for path in temporary.iterdir()),
        result=json.loads(last[0]) if last[0].startswith("{") else {},
    )


@contextmanager
def disk_for(fault: str, root: Path) -> Iterator[Path]:
    """Gives the folder of artifacts, a file system of its own where the fault needs one."""
    disk = root / "smoke" / "pipelines"
    disk.mkdir(parents=True)
    if fault not in _DISK_FAULTS:
        yield disk
        return
    options = f"size={_DISK_MB}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def mend(fault: str, disk: Path) -> None:
    """Takes a fault of the disk back."""
    if fault == "readonly":
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    (disk / "filler").unlink(missing_ok=True)


def run_with_faults(
    task: str, fault: str, clean: dict[str, Any], folder: Path, only: list[str]
) -> list[tuple[str, str]]:
    """Runs a task until each component was hit by a fault, and once more.

    Returns:
        Rows of the table: what was hit, and how it went.
    """
    root, temporary = folder / fault, folder / f"{fault}-temporary"
    temporary.mkdir()
    words = [task, "--env", "smoke", "--root", str(root), "--json"]
    rows = []
    with disk_for(fault, root) as disk:
        for component in clean["components"]:
            name, seconds = component["name"], component["seconds"]
            if only and name not in only:
                continue
            script = [sys.executable, str(_FAULTY_RUN), fault, name, str(seconds / 2), str(disk)]
            ended = execute([*script, *words], temporary)
            mend(fault, disk)
            rows.append((name, describe(ended, name)))
            print(f"  {fault:9} {name:18} {rows[-1][1]}", flush=True)
        last = execute([_LIANXI, "run", *words], temporary)
        rows.append(("the run after", compare(last, clean, root, task)))
        print(f"  {fault:9} {'the run after':18} {rows[-1][1]}", flush=True)
    return rows


def describe(ended: Ended, component: str) -> str:
    """Says in a line how a run that was hit ended."""
    said = " ".join(ended.message.split()) or "nothing said"
    trace = ", TRACEBACK" if "Traceback" in ended.message else ""
    left = f", left {', '.join(ended.left)}" if ended.left else ""
    return f"exit {ended.code}{trace}{left}: {said[-220:]}"


def metrics_of(result: dict[str, Any]) -> dict[str, float]:
    """Gives the metrics, to as many digits as do not depend on the order of Beam's sums."""
    metrics = result.get("metrics", {})
    return {name: round(metric["value"], _DIGITS) for name, metric in metrics.items()}


def compare(last: Ended, clean: dict[str, Any], root: Path, task: str) -> str:
    """Says how the run that was left alone differs from one that was never stopped."""
    differs = [f"exit {last.code}: {last.message[-300:]}"] if last.code else []
    for key in ("examples", "quarantined"):
        if last.result.get(key) != clean[key]:
            differs.append(f"{key} {last.result.get(key)}, {clean[key]} without faults")
    found, wanted = metrics_of(last.result), metrics_of(clean)
    if found != wanted:
        differs.append(f"{found}, {wanted} without faults")
    versions = sorted(path.name for path in (root / "smoke" / "models" / task).iterdir())
    if len(versions) != 1:
        differs.append(f"pushed {versions}")
    if last.left:
        differs.append(f"left {last.left}")
    words = [_LIANXI, "clean", "--root", str(root), "--dry-run", "--json"]
    shown = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    removable = {
        find["what"]: len(find["paths"])
        for each in shown["tasks"]
        for find in each["removable"]
        if find["bytes"]
    }
    differs += [f"{count} {what}" for what, count in removable.items()]
    return "; ".join(differs) or "as without faults, one version, nothing left"


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="name_gender")
    parser.add_argument("--faults", default=",".join(_FAULTS), help="some of " + ", ".join(_FAULTS))
    parser.add_argument("--components", default="", help="only these, parted by commas")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lianxi-faults-") as name:
        folder = Path(name)
        (folder / "temporary").mkdir()
        start = time.perf_counter()
        words = ["--env", "smoke", "--root", str(folder / "clean"), "--json"]
        clean = execute([_LIANXI, "run", given.task, *words], folder / "temporary")
        if clean.code:
            sys.exit(clean.message)
        print(f"without faults: {time.perf_counter() - start:.0f} s, left {clean.left}", flush=True)
        only = [each for each in given.components.split(",") if each]
        for fault in given.faults.split(","):
            run_with_faults(given.task, fault, clean.result, folder, only)


if __name__ == "__main__":
    main()
