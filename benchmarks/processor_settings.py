"""Seconds a training step with oneDNN's operations and without, and with XLA, by task.

    lianxi run captcha_ocr --env smoke --root runs
    python benchmarks/processor_settings.py captcha_ocr --root runs

TensorFlow decides whether it computes by oneDNN when it is imported, so each way is a process of
its own, and they have their turns. The model has the settings that a run has by default, but for
those given, and the batches are of the newest smoke run, whose sizes they may have to agree with.
Printed are medians of the rounds, and how many times as fast a step is as without oneDNN and XLA,
TensorFlow's default on processors that have no instructions for neural networks (AVX-512 VNNI and
later). XLA compiles first, which is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

from told import tell_figure

WAYS = {
    "plain": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "1"},
    "XLA": {"TF_ENABLE_ONEDNN_OPTS": "0", "LIANXI_XLA": "1"},
}


def time_steps(
    task_name: str, root: Path, seconds: float, changed: dict[str, str]
) -> dict[str, float]:
    """Trains a task's model for so long, in this process.

    Args:
        task_name: Such as `captcha_ocr`; a smoke run of it is in `root`.
        root: Of the run.
        seconds: How long to train, after three steps that are not counted.
        changed: Settings that are not as by default.

    Returns:
        Elapsed seconds and the processor's of a step, and the number of steps.
    """
    from modules.common.runtime.stack import prepare_environment

    prepare_environment()
    import keras
    import tensorflow_transform as tft
    from training_workers import tell

    from modules.common.declaring.registry import load_task
    from modules.common.training import loop, precision

    task = load_task(task_name)
    settings = task.resolve(changed)
    fn_args = tell(task, root, Path(), 0, {})
    transformed = tft.TFTransformOutput(fn_args.transform_graph_path)
    train, evaluation = loop.splits(
        task, transformed, settings, fn_args.train_files, fn_args.eval_files
    )
    keras.utils.set_random_seed(settings.seed)
    with precision.dtype_policy(precision.training_policy(settings)):
        model = import_module(f"modules.{task_name}.model").build_model(settings, transformed)
        loop.adapt(model, train)
    if not model.trainable_weights:
        raise SystemExit(f"{task_name} has nothing to train")
    wants_xla = bool(os.environ.get("LIANXI_XLA"))
    model.jit_compile = wants_xla
    if model.jit_compile != wants_xla:
        # Keras warns and goes on without, which would be told as XLA's time.
        raise SystemExit(f"{task_name} has layers that XLA cannot compile")
    batches = iter(loop.batches(train, evaluation, settings)[0].repeat())
    for _ in range(3):
        model.train_on_batch(*next(batches))
    began, steps = (time.perf_counter(), time.process_time()), 0
    while time.perf_counter() - began[0] < seconds:
        model.train_on_batch(*next(batches))
        steps += 1
    return {
        "elapsed": (time.perf_counter() - began[0]) / steps,
        "processor": (time.process_time() - began[1]) / steps,
        "steps": steps,
    }


def compare(task_name: str, given: argparse.Namespace) -> None:
    """Prints a row for each way, and tells by how much oneDNN and XLA are faster."""
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(given.rounds):
        for way in given.ways:
            command = [sys.executable, __file__, task_name, "--root", str(given.root)]
            command += [word for each in given.set for word in ("--set", each)]
            done = subprocess.run(
                [*command, "--seconds", str(given.seconds), "--once"],
                env={**os.environ, **WAYS[way]},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                print(f"{task_name:<22}{way:<8}{done.stderr.strip().splitlines()[-1][:70]}")
                continue
            found.setdefault(way, []).append(json.loads(done.stdout.strip().splitlines()[-1]))
    medians = {
        way: {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
        for way, rounds in found.items()
    }
    for way, figures in medians.items():
        elapsed, processor = (1000 * figures[name] for name in ("elapsed", "processor"))
        print(f"{task_name:<22}{way:<8}{elapsed:9.1f} ms {processor:9.1f} ms of the processor")
    for way in medians.keys() - {"plain"}:
        if "plain" in medians:
            ratio = medians["plain"]["elapsed"] / medians[way]["elapsed"]
            tell_figure(f"{task_name}, {way}", ratio)


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="+", help="such as captcha_ocr")
    parser.add_argument("--root", type=Path, default=Path("lianxi_runs"), help="of a smoke run")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--rounds", type=int, default=3, help="in which each way has its turn")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each turn")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting"
    )
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        changed = dict(each.split("=", 1) for each in given.set)
        print(json.dumps(time_steps(given.tasks[0], given.root, given.seconds, changed)))
        return
    for task_name in given.tasks:
        compare(task_name, given)


if __name__ == "__main__":
    main()
