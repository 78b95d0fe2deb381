r"""Whole runs over more and more data: seconds and processor seconds by component, memory.

    python benchmarks/scale.py names 10000 100000 1000000
    python benchmarks/scale.py pictures 2000 20000
    python benchmarks/scale.py speech 1 30                # hours
    python benchmarks/scale.py names 100000 -- --engine flink
    python benchmarks/scale.py names 100000 -- --beam=--direct_num_workers=2 \
        --beam=--direct_running_mode=multi_processing

Each size is a run of its own, of `lianxi run` with little training. What comes after `--` goes to
it. With `--engine flink` or `portable` each run has a cluster of two workers, which is up before
the clock runs and down after it; Beam's job server for Flink is Maven's, or what
LIANXI_FLINK_JOB_SERVER_JAR names. Memory is the most that the run's processes together had
resident, without the cluster's; processor seconds are those of all of both. What is printed last
are tables in Markdown; `--json FILE` keeps the figures.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
from scale_data import make_names, make_pictures, make_speech

_TICK_S = 0.2
_LITTLE_TRAINING = {
    "names": ("name_gender", ("--epochs", "1")),
    "pictures": ("image_retrain", ("--epochs", "1")),
    "speech": (
        "chinese_asr",
        ("--epochs", "1", "--min-steps", "0", "--channels", "16", "--blocks", "1"),
    ),
}


@dataclass
class Part:
    """What a component took: wall-clock and processor seconds, and the most memory meanwhile."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    peak_mib: float = 0.0


@dataclass
class Measured:
    """A run."""

    size: float
    parts: dict[str, Part] = field(default_factory=dict)
    result: dict = field(default_factory=dict)

    @property
    def whole(self) -> Part:
        """All of it."""
        parts = self.parts.values()
        return Part(
            sum(part.seconds for part in parts),
            sum(part.cpu_s for part in parts),
            max(part.peak_mib for part in parts),
        )


class Watcher(threading.Thread):
    """Notes what a tree of processes takes, from one component's end to the next."""

    def __init__(self, pid: int, beside: Sequence[int]) -> None:
        """Takes the tree's root, and those of trees beside it whose work counts too."""
        super().__init__(daemon=True)
        self._root = psutil.Process(pid)
        self._beside = [psutil.Process(each) for each in beside]
        self._cpu_s: dict[int, float] = {}
        self._cut_cpu_s = self._cut_s = 0.0
        self._peak_mib = 0.0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.look(is_first=True)

    def look(self, is_first: bool = False) -> None:
        """Looks once at all processes."""
        mib = 0.0
        for root in (self._root, *self._beside):
            found = [root]
            with suppress(psutil.NoSuchProcess):
                found += root.children(recursive=True)
            for process in found:
                # The cluster's memory is its own; what it computes is the run's.
                with suppress(psutil.NoSuchProcess), process.oneshot():
                    times = process.cpu_times()
                    self._cpu_s[process.pid] = times.user + times.system
                    mib += process.memory_info().rss / 2**20 if root is self._root else 0
        self._peak_mib = max(self._peak_mib, mib)
        if is_first:
            self._cut_cpu_s, self._cut_s = sum(self._cpu_s.values()), time.monotonic()

    def run(self) -> None:
        """Looks now and then, until the end."""
        while not self._over.wait(_TICK_S):
            with self._lock:
                self.look()

    def cut(self) -> Part:
        """Gives what was taken since the last cut."""
        with self._lock:
            self.look()
            cpu_s, now_s = sum(self._cpu_s.values()), time.monotonic()
            part = Part(now_s - self._cut_s, cpu_s - self._cut_cpu_s, self._peak_mib)
            self._cut_cpu_s, self._cut_s, self._peak_mib = cpu_s, now_s, 0.0
            return part

    def end(self) -> None:
        """Stops looking."""
        self._over.set()
        self.join()


def measure(kind: str, size: float, data: Path, more: Sequence[str], root: Path) -> Measured:
    """Runs a task over data and notes what each component takes.

    Args:
        kind: What is read.
        size: How much of it.
        data: Where it is.
        more: What the run is told.
        root: Where it keeps its things, and its cluster is.
    """
    task, training = _LITTLE_TRAINING[kind]
    lianxi = str(Path(sys.executable).parent / "lianxi")
    command = [lianxi, "run", task, "--data", str(data), *training, *more]
    command += ["--root", str(root), "--json"]
    measured = Measured(size)
    with (root.parent / "said.json").open("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.PIPE, text=True)
        watcher = Watcher(process.pid, _processes_of_cluster(root))
        watcher.start()
        last = ""
        for line in process.stderr or ():
            last = line.strip() or last
            mark, _, rest = line.partition(" ")
            if mark in ("✓", "=", "✗") and rest:
                name = rest.split()[0]
                # The first is over as soon as it begins; before it Python imports TFX.
                measured.parts[name if measured.parts else "start"] = watcher.cut()
                print(f"  {line.rstrip()}", flush=True)
        measured.parts["report"] = watcher.cut()
        process.wait()
        watcher.end()
        said.seek(0)
        text = said.read().strip()
    # A model that is not pushed, for so little training, is no failure here.
    if process.returncode not in (0, 3):
        print(f"failed with {process.returncode}: {last}")
        return measured
    measured.result = json.loads(text.splitlines()[-1])
    return measured


@contextmanager
def cluster_for(more: Sequence[str], root: Path) -> Iterator[None]:
    """Has a cluster run in a root inside the block, if the engine needs one."""
    named = " ".join(more).replace("=", " ").split()
    kind = next((each for each in ("flink", "portable") if each in named), None)
    if kind is None or {"--flink-master", "--job-server"} & set(named):
        yield
        return
    lianxi = str(Path(sys.executable).parent / "lianxi")
    subprocess.run([lianxi, "cluster", "up", "--kind", kind, "--root", str(root)], check=True)
    try:
        yield
    finally:
        subprocess.run([lianxi, "cluster", "down", "--root", str(root)], check=True)


def _processes_of_cluster(root: Path) -> list[int]:
    """Gives the processes of the cluster in a root, if there is one."""
    kept = root / "cluster" / "cluster.json"
    return [part["pid"] for part in json.loads(kept.read_text())["parts"]] if kept.exists() else []


def make(kind: str, size: float, folder: Path, kept: Path) -> None:
    """Makes the data of one run."""
    folder.mkdir(parents=True)
    if kind == "names":
        make_names(folder, int(size))
    elif kind == "pictures":
        make_pictures(folder, int(size))
    else:
        make_speech(folder, size, kept / "spoken")


def table(kind: str, runs: Sequence[Measured]) -> str:
    """Lays the runs out by component, with ratios per unit of work to the first run."""
    sizes = [f"{run.size:,g} {'hours' if kind == 'speech' else kind}" for run in runs]
    lines = [
        "| component | " + " | ".join(f"{size}: s, processor s, MiB" for size in sizes) + " | "
        "processor s a unit, last to first |",
        "|---" * (len(runs) + 2) + "|",
    ]
    names = list(dict.fromkeys(name for run in runs for name in run.parts))
    rows: list[tuple[str, Callable[[Measured], Part]]] = [
        (name, lambda run, name=name: run.parts.get(name, Part())) for name in names
    ]
    for name, part_of in [*rows, ("whole", lambda run: run.whole)]:
        parts = [part_of(run) for run in runs]
        cells = [f"{part.seconds:.1f}, {part.cpu_s:.1f}, {part.peak_mib:,.0f}" for part in parts]
        first, last = parts[0].cpu_s / runs[0].size, parts[-1].cpu_s / runs[-1].size
        lines.append(f"| {name} | {' | '.join(cells)} | {last / first if first else 0:.2f} |")
    first, last = runs[0].whole.peak_mib, runs[-1].whole.peak_mib
    return "\n".join([*lines, "", f"most memory, last to first: {last / first:.2f}"])


def rates(kind: str, run: Measured) -> str:
    """Lays out how fast the components of a run went over its data."""
    unit = "hour" if kind == "speech" else kind.removesuffix("s")
    lines = [
        f"| component | s | {unit}s a second | processor ms a {unit} |",
        "|---|---|---|---|",
        *(
            f"| {name} | {part.seconds:.1f} | {run.size / max(part.seconds, 0.1):,.4g} "
            f"| {1000 * part.cpu_s / run.size:.4g} |"
            for name, part in [*run.parts.items(), ("whole", run.whole)]
        ),
    ]
    return "\n".join(["", f"{run.size:,g} {unit}s:", "", *lines])


def main() -> None:
    """Measures every size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=sorted(_LITTLE_TRAINING), help="what is read")
    parser.add_argument("sizes", nargs="+", type=float, help="numbers, or hours of speech")
    parser.add_argument("--json", type=Path, help="where the figures are kept")
    parser.add_argument("--folder", type=Path, help="where data and runs go; a temporary folder")
    own, _, more = " ".join(sys.argv[1:]).partition(" -- ")
    arguments = parser.parse_args(own.split())
    runs = []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as scratch:
        for size in arguments.sizes:
            print(f"{size:,g} {arguments.kind}", flush=True)
            place = Path(scratch, f"{size:g}")
            make(arguments.kind, size, place / "data", Path(scratch))
            with cluster_for(more.split(), place / "run"):
                run = measure(arguments.kind, size, place / "data", more.split(), place / "run")
            runs.append(run)
            if arguments.json:
                kept = [asdict(run) for run in runs]
                arguments.json.write_text(json.dumps(kept, ensure_ascii=False, indent=1))
    print(table(arguments.kind, runs))
    print(rates(arguments.kind, runs[-1]))


if __name__ == "__main__":
    main()
