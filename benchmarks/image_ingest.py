"""Folders of pictures to examples, duplicates dropped: seconds by size, and the original way.

    python benchmarks/image_ingest.py
    python benchmarks/image_ingest.py --small

Draws two folders of photograph-like pictures, one twice the other, of which 30 % show the same as
another: half of these are copies of the file, half the same pixels in another format. ExampleGen
reads both, each in a process of its own, in turns. The original exercise decoded all pictures and
compared every pair with `numpy.array_equal`; here it does as many as it can in a stated time, and
the rest follows from the number of pairs. What both find among those must agree.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from told import tell_figure

WIDTH_PX, HEIGHT_PX = 240, 210
DUPLICATES = 0.3
CLASSES = ("hat", "pants", "shirt", "shoes", "skirt")
TASK = "deep_dream"


def draw(folder: Path, number: int) -> None:
    """Writes one picture: soft blotches of its own, as a JPEG."""
    rng = np.random.default_rng(number)
    blotches = rng.integers(0, 256, (HEIGHT_PX // 10, WIDTH_PX // 10, 3)).astype(np.uint8)
    image = Image.fromarray(blotches).resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BICUBIC)
    image.save(folder / CLASSES[number % len(CLASSES)] / f"{number:06d}.jpg", quality=85)


def copy(folder: Path, number: int, original: int) -> None:
    """Writes a picture again: the file, or the pixels as a bitmap."""
    source = folder / CLASSES[original % len(CLASSES)] / f"{original:06d}.jpg"
    target = folder / CLASSES[number % len(CLASSES)] / f"{number:06d}.jpg"
    if number % 2:
        shutil.copyfile(source, target)
    else:
        with Image.open(source) as image:
            image.save(target.with_suffix(".png"), compress_level=1)


def make_folder(folder: Path, count: int) -> int:
    """Draws `count` pictures; gives how many of them are distinct."""
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
    distinct = round(count * (1 - DUPLICATES))
    rng = random.Random(count)
    originals = [rng.randrange(distinct) for _ in range(count - distinct)]
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(draw, folder), range(distinct), chunksize=64))
        list(pool.map(partial(copy, folder), range(distinct, count), originals, chunksize=64))
    return distinct


def resident_mib() -> tuple[float, float]:
    """Memory of this process, and of it with its children, MiB."""
    own = psutil.Process()
    sizes = [own.memory_info().rss / 2**20]
    for child in own.children(recursive=True):
        try:
            sizes.append(child.memory_info().rss / 2**20)
        except psutil.NoSuchProcess:
            continue
    return sizes[0], sum(sizes)


@contextmanager
def watch(peaks: list[float]) -> Iterator[None]:
    """Keeps the largest of `resident_mib` inside the `with` block, looking five times a second."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            peaks[:] = [max(pair) for pair in zip(peaks, resident_mib(), strict=True)]

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def ingest(folder: str, output: str) -> None:
    """Runs the component, as TFX does, and prints what came of it; in a process of its own."""
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
    from tfx.types.standard_artifacts import Examples

    from components.example_gen.pictures.image_folder import ImageFolderExampleGen
    from modules.common.declaring.registry import load_task
    from modules.common.declaring.settings import DATA, tell
    from modules.common.pictures.sources import ImageFolderSource
    from pipelines.environment import environment

    task = load_task(TASK)
    source = next(each for each in task.sources if isinstance(each, ImageFolderSource))
    assert source.drops_duplicates
    told = tell(task.settings(), DATA)
    component = ImageFolderExampleGen(task, source, folder, told, "benchmark")
    examples = Examples()
    examples.uri = output
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=list(environment().beam_args),
        tmp_dir=str(Path(output).parent),
        unique_id="1",
    )
    before_mib, _ = resident_mib()
    peaks_mib = [0.0, 0.0]
    with watch(peaks_mib):
        began_s = time.perf_counter()
        executor = ImageFolderExampleGen.EXECUTOR_SPEC.executor_class(context)
        executor.Do({}, {"examples": [examples]}, dict(component.exec_properties))
        seconds = time.perf_counter() - began_s
    names = ("examples", "quarantined", "set_aside")
    said: dict[str, float] = {name: examples.get_int_custom_property(name) for name in names}
    said |= {"seconds": seconds, "before": before_mib, "own": peaks_mib[0], "all": peaks_mib[1]}
    print(json.dumps(said))


def measure(folder: Path, distinct: int, count: int) -> dict[str, float]:
    """Has a process ingest a folder, and checks what it counted."""
    with tempfile.TemporaryDirectory() as output:
        process = subprocess.run(
            [sys.executable, __file__, "--ingest", str(folder), f"{output}/component/examples/1"],
            capture_output=True,
            text=True,
            check=False,
        )
    if process.returncode:
        sys.exit(process.stderr[-2000:])
    said: dict[str, float] = json.loads(process.stdout.strip().splitlines()[-1])
    found = (said["examples"], said["set_aside"], said["quarantined"])
    assert found == (distinct, count - distinct, 0), found
    return said


def decode_all(paths: Sequence[Path]) -> list[np.ndarray]:
    """Decodes pictures, as the original exercise did before it compared them."""
    pictures = []
    for path in paths:
        with Image.open(path) as image:
            pictures.append(np.asarray(image.convert("RGB")))
    return pictures


def time_decoding(folder: Path) -> float:
    """Has two processes decode all pictures of a folder; gives the seconds."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = [paths[begin : begin + 100] for begin in range(0, len(paths), 100)]
    with ProcessPoolExecutor(2) as pool:
        # What starts the processes is not decoding.
        list(pool.map(decode_all_away, parts[:2]))
        began_s = time.perf_counter()
        list(pool.map(decode_all_away, parts))
        return time.perf_counter() - began_s


def decode_all_away(paths: Sequence[Path]) -> int:
    """Decodes pictures and throws them away, so that none is sent between processes."""
    return len(decode_all(paths))


def compare_all_pairs(paths: Sequence[Path], limit_s: float) -> tuple[int, int, float]:
    """The original way: each picture against all before it.

    Returns:
        How many pictures were compared until the time was up, how many of them are the same as
        one before, and the seconds that it took, decoding aside.
    """
    pictures: list[np.ndarray] = []
    duplicates, spent_s = 0, 0.0
    while len(pictures) < len(paths) and spent_s < limit_s:
        batch = decode_all(paths[len(pictures) : len(pictures) + 50])
        began_s = time.perf_counter()
        for picture in batch:
            # Without an early end, as the original did.
            same = [np.array_equal(picture, other) for other in pictures]
            duplicates += any(same)
            pictures.append(picture)
        spent_s += time.perf_counter() - began_s
    return len(pictures), duplicates, spent_s


def show_all_pairs(folder: Path, count: int, limit_s: float, ours_s: float) -> None:
    """Prints what the original way did, and what it would take for all."""
    from modules.common.pictures.image_files import decode_whole, pixel_digest

    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    random.Random(1).shuffle(paths)
    compared, duplicates, seconds = compare_all_pairs(paths, limit_s)
    digests = {pixel_digest(decode_whole(path.read_bytes())) for path in paths[:compared]}
    assert compared - len(digests) == duplicates, "the two ways disagree"
    pairs, all_pairs = compared * (compared - 1) / 2, count * (count - 1) / 2
    whole_s = seconds * all_pairs / pairs
    print(
        f"all pairs    {compared:,} pictures in {seconds:.1f} s ({seconds / pairs * 1e6:.1f} us a "
        f"pair), {duplicates} duplicates, as many as by digest"
    )
    print(
        f"             {count:,} would take {whole_s:,.0f} s and {all_pairs:,.0f} pairs, "
        f"extrapolated: {whole_s / ours_s:.0f} times as long as reading them here"
    )


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000, help="pictures in the larger folder")
    parser.add_argument("--rounds", type=int, default=3, help="readings of each folder")
    parser.add_argument("--seconds", type=float, default=60.0, help="for the comparison of pairs")
    parser.add_argument(
        "--small", action="store_true", help="a quick look: 1,000 pictures, 1 round"
    )
    parser.add_argument("--ingest", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ingest:
        ingest(*arguments.ingest)
        return
    if arguments.small:
        arguments.count, arguments.rounds, arguments.seconds = 1000, 1, 3.0
    counts = (arguments.count // 2, arguments.count)
    with tempfile.TemporaryDirectory() as root:
        folders = {count: Path(root, str(count)) for count in counts}
        distinct = {count: make_folder(folder, count) for count, folder in folders.items()}
        found: dict[int, list[dict[str, float]]] = {count: [] for count in counts}
        for _ in range(arguments.rounds):
            for count, folder in folders.items():
                found[count].append(measure(folder, distinct[count], count))
        medians = {}
        for count, rounds in found.items():
            medians[count] = statistics.median(each["seconds"] for each in rounds)
            most = {name: max(each[name] for each in rounds) for name in ("own", "before", "all")}
            size = sum(path.stat().st_size for path in folders[count].rglob("*.*")) / 2**20
            print(
                f"ExampleGen   {count:,} pictures, {size:.0f} MiB: {medians[count]:.1f} s, "
                f"{rounds[0]['examples']:,} examples, {rounds[0]['set_aside']:,} set aside; "
                f"resident at most {most['own']:.0f} MiB, {most['before']:.0f} of them before it "
                f"began, with its reading processes {most['all']:.0f} MiB"
            )
        last = counts[1]
        # Which is 2 where time is in proportion to pictures.
        tell_figure(f"{last:,} over {counts[0]:,} pictures", medians[last] / medians[counts[0]])
        decoding_s = time_decoding(folders[last])
        print(f"decoding     {last:,} pictures in two processes alone: {decoding_s:.1f} s")
        tell_figure("over decoding in two processes", medians[last] / decoding_s)
        show_all_pairs(folders[last], last, arguments.seconds, medians[last])


if __name__ == "__main__":
    main()
