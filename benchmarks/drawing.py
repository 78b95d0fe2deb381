"""Examples drawn per second: in ExampleGen's processes, and in one loop, as the original had it.

    python benchmarks/drawing.py
    python benchmarks/drawing.py --examples 10000 --rounds 3

Both draw the same captchas and strips, in turns, in one run. The original drew each batch in the
training process, which waited for it meanwhile. `busy` is the share of the processors' time that
drawing used.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator

import psutil
from told import tell_figure

from components.example_gen.drawn.drawing_reader import draw_example
from components.example_gen.process_pool import ReaderPool
from components.example_gen.read_config import ReadConfig
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, tell
from modules.common.drawn.sources import GeneratedSource

TASKS = ("captcha_ocr", "id_number_ocr")


def config_of(task_name: str) -> ReadConfig:
    """Gives what the task's drawer is told in a run with defaults."""
    task = load_task(task_name)
    [source] = [source for source in task.sources if isinstance(source, GeneratedSource)]
    told = tell(task.settings(), DATA)
    return ReadConfig(task_name=task_name, source=source, settings=told, data_dir="")


def processor_seconds() -> float:
    """Processor time of this process and its children, alive or not."""
    times = [psutil.Process().cpu_times()]
    times += [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    return sum(each.user + each.system for each in times)


def measure(draw: Callable[[], Iterator[object]], examples: int) -> tuple[float, float]:
    """Draws all; gives examples per second, and the share of the processors that was busy."""
    busy_s, began_s = processor_seconds(), time.perf_counter()
    drawn = sum(1 for _ in draw())
    seconds = time.perf_counter() - began_s
    assert drawn == examples
    processors = len(psutil.Process().cpu_affinity())
    return examples / seconds, (processor_seconds() - busy_s) / (seconds * processors)


def compare(task_name: str, examples: int, rounds: int) -> None:
    """Prints both ways' medians and their ratio."""
    config = config_of(task_name)
    pool = ReaderPool(draw_example, config)
    list(pool.read(range(100)))
    ways: dict[str, Callable[[], Iterator[object]]] = {
        "one loop": lambda: (list(draw_example(index, config)) for index in range(examples)),
        "processes": lambda: pool.read(range(examples)),
    }
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, draw in ways.items():
            found[way].append(measure(draw, examples))
    pool.close()
    rates = {way: statistics.median(rate for rate, _ in each) for way, each in found.items()}
    for way, each in found.items():
        busy = statistics.median(share for _, share in each)
        print(f"{task_name:<14} {way:<10} {rates[way]:7.0f} examples/s, busy {busy:.0%}")
    tell_figure(task_name, rates["processes"] / rates["one loop"])


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--examples", type=int, default=4000, help="drawn in each turn")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way")
    arguments = parser.parse_args()
    for task_name in TASKS:
        compare(task_name, arguments.examples, arguments.rounds)


if __name__ == "__main__":
    main()
