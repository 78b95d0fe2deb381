"""Seconds a training step with one worker and with more, of a task that was run before.

    lianxi run name_gender --env smoke --root runs
    python benchmarks/training_workers.py name_gender --root runs --steps 60

Trains so many steps on the examples of the newest smoke run, anew with each number of workers, and
prints seconds a step, without the first epoch's tracing, and the losses at the end. With
`--cores 1`, the default, every worker has one core, as machines of one core each would: on a
machine with enough cores that is what another machine brings; 0 leaves all cores to all.
"""

from __future__ import annotations

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import argparse
import csv
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import as_dict
from modules.common.declaring.task import Task
from modules.common.training import workers
from modules.common.training.distribution import Distribution


def main() -> None:
    """Trains and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", type=load_task, help="such as name_gender")
    parser.add_argument("--root", type=Path, default=Path("lianxi_runs"), help="of a smoke run")
    parser.add_argument("--steps", type=int, default=60, help="training steps, several epochs")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers to compare")
    parser.add_argument("--cores", type=int, default=1, help="of a worker; 0 leaves all to all")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting"
    )
    args = parser.parse_args()
    given = dict(each.split("=", 1) for each in args.set)
    there = os.sched_getaffinity(0)
    for number in args.workers:
        if args.cores:
            # Workers inherit the cores; TensorFlow shares these among its threads.
            os.sched_setaffinity(0, sorted(there)[: args.cores * number])
        with tempfile.TemporaryDirectory() as folder:
            told = tell(args.task, args.root, Path(folder), args.steps, given)
            workers.train(
                told, args.task.name, Distribution(strategy="multi_worker", workers=number)
            )
            print(describe(number, Path(folder)), flush=True)
        os.sched_setaffinity(0, there)


def tell(task: Task, root: Path, folder: Path, steps: int, given: dict[str, str]) -> Any:
    """Gives what TFX's Trainer would, of a task's newest smoke run."""
    pipeline = root / "smoke/pipelines" / task.name / "Transform"
    newest = {
        name: max(pipeline.glob(f"{name}/*"), key=lambda path: int(path.name))
        for name in ("transformed_examples", "transform_graph")
    }
    return SimpleNamespace(
        train_files=[f"{newest['transformed_examples']}/Split-train/*"],
        eval_files=[f"{newest['transformed_examples']}/Split-eval/*"],
        transform_graph_path=str(newest["transform_graph"]),
        base_model=None,
        model_run_dir=str(folder / "run"),
        serving_model_dir=str(folder / "model"),
        train_steps=steps,
        hyperparameters=None,
        custom_config={"settings": as_dict(task.resolve({"epochs": "1000", **given}, smoke=True))},
    )


def describe(number: int, folder: Path) -> str:
    """Words a training by its learning curve."""
    with (folder / "run/curve.csv").open(encoding="utf-8") as file:
        first, *_, last = (
            {name: float(value) for name, value in row.items()} for row in csv.DictReader(file)
        )
    seconds = 60 * (last["minutes"] - first["minutes"]) / (last["step"] - first["step"])
    return (
        f"{number} worker{'s' * (number > 1)}: {seconds:.3f} s a step, evaluation included; loss "
        f"{last['loss']:.6f}, held out {last['val_loss']:.6f} after {last['step']:.0f} steps"
    )


if __name__ == "__main__":
    main()
