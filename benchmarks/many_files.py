"""Folders of very many small files to examples: seconds and memory by number, and whether linear.

    python benchmarks/many_files.py                    # 50,000 and 100,000 pictures, 100,000 and
    python benchmarks/many_files.py --share 0.1        # 200,000 tables; or a tenth of each

Makes small pictures in colour, 100 in each class's folder, and tables of one row, and has
ExampleGen's driver and executor read them, each number in a process of its own. Memory is the most
that all processes together had resident.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

FILES = {"pictures": 100_000, "tables": 200_000}
TASKS = {"pictures": "image_retrain", "tables": "name_gender"}
PICTURES_IN_A_CLASS = 100
SIDE_PX = 16


def draw(folder: Path, number: int) -> None:
    """Writes a picture that is no other's copy."""
    pixels = np.random.default_rng(number).integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)
    name = folder / f"class {number // PICTURES_IN_A_CLASS:04d}" / f"{number:06d}.png"
    Image.fromarray(pixels).save(name, compress_level=1)


def make(kind: str, folder: Path, count: int) -> None:
    """Makes the files."""
    if kind == "tables":
        for number in range(count):
            name = chr(0x4E00 + number % 20_000) + chr(0x4E00 + number // 20_000)
            text = f"姓名,性别\n王{name},{'男女'[number % 2]}\n"
            (folder / f"{number:06d}.csv").write_text(text, encoding="utf-8")
        return
    for start in range(0, count, PICTURES_IN_A_CLASS):
        (folder / f"class {start // PICTURES_IN_A_CLASS:04d}").mkdir()
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(draw, folder), range(count), chunksize=500))


def resident_mib() -> float:
    """Memory of this process and its children, MiB."""
    own = psutil.Process()
    total = 0
    for process in (own, *own.children(recursive=True)):
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total / 2**20


@contextmanager
def watch(peak_mib: list[float]) -> Iterator[None]:
    """Notes the most memory while something runs."""
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.1):
            peak_mib[0] = max(peak_mib[0], resident_mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()


def ingest(kind: str, folder: str, output: str) -> None:
    """Runs driver and executor, as TFX does, and prints what came of it."""
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
    from tfx.types.standard_artifacts import Examples

    from modules.common.declaring.registry import import_function, load_task
    from modules.common.declaring.settings import DATA, tell
    from pipelines.environment import environment

    task = load_task(TASKS[kind])
    source = task.sources[0]
    told = tell(task.resolve({"min_side_px": 1} if kind == "pictures" else {}), DATA)
    component_class = import_function(source.component)
    component = component_class(task, source, folder, told, "benchmark")
    examples = Examples()
    examples.uri = output
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=list(environment().beam_args),
        tmp_dir=str(Path(output).parent),
        unique_id="1",
    )
    peak_mib = [resident_mib()]
    before_mib = peak_mib[0]
    properties = dict(component.exec_properties)
    with watch(peak_mib):
        began_s = time.perf_counter()
        component_class.DRIVER_CLASS(None).resolve_exec_properties(properties, None, None)
        listed_s = time.perf_counter() - began_s
        executor = component_class.EXECUTOR_SPEC.executor_class(context)
        executor.Do({}, {"examples": [examples]}, properties)
        seconds = time.perf_counter() - began_s
    said = {name: examples.get_int_custom_property(name) for name in ("examples", "quarantined")}
    said |= {"driver_s": listed_s, "seconds": seconds, "before": before_mib, "peak": peak_mib[0]}
    print(json.dumps(said))


def measure(kind: str, count: int) -> dict[str, float]:
    """Makes files and has a process read them."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "data")
        folder.mkdir()
        make(kind, folder, count)
        process = subprocess.run(
            [sys.executable, __file__, "--ingest", kind, str(folder), f"{root}/gen/examples/1"],
            capture_output=True,
            text=True,
            check=False,
        )
    if process.returncode:
        sys.exit(process.stderr[-2000:])
    said: dict[str, float] = json.loads(process.stdout.strip().splitlines()[-1])
    assert (said["examples"], said["quarantined"]) == (count, 0), said
    print(
        f"{count:,} {kind}: {said['seconds']:.1f} s, {said['driver_s']:.1f} of them the driver's; "
        f"{said['peak']:,.0f} MiB at most, {said['before']:,.0f} before",
        flush=True,
    )
    return said


def main() -> None:
    """Measures half and all of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the numbers of files")
    parser.add_argument("--ingest", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ingest:
        ingest(*arguments.ingest)
        return
    for kind, files in FILES.items():
        count = round(files * arguments.share)
        half, whole = measure(kind, count // 2), measure(kind, count)
        print(f"{kind}: twice as many take {whole['seconds'] / half['seconds']:.2f} times as long")


if __name__ == "__main__":
    main()
