"""Two workers that are processes train what one does; the chief alone writes; no end hangs."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest
from smoke import SmokeRun

from modules.common.declaring.settings import as_dict
from modules.common.runtime import progress
from modules.common.runtime.errors import TaskError
from modules.common.training import arguments, workers
from modules.common.training.distribution import Distribution

_STEPS = 16
# Sums are rounded in another order: 1e-7 of a step, in 16 steps of Adam at a rate of 3e-3.
_ROUNDING = 1e-4
_PATIENCE_S = 600


def fn_args(run: SmokeRun, folder: Path, **settings: Any) -> SimpleNamespace:
    """What TFX's Trainer would give, with nothing random within the model."""
    [examples] = (run.root / "smoke/pipelines" / run.task.name).glob("Transform/transformed_ex*/*")
    quiet = {"dropout": 0.0, "embedding_dropout": 0.0, **settings}
    return SimpleNamespace(
        train_files=[f"{examples}/Split-train/*"],
        eval_files=[f"{examples}/Split-eval/*"],
        transform_graph_path=str(run.transform_graph),
        base_model=None,
        model_run_dir=str(folder / "run"),
        serving_model_dir=str(folder / "model"),
        train_steps=_STEPS,
        hyperparameters=None,
        custom_config={"settings": as_dict(run.task.resolve(quiet, smoke=True))},
    )


def train(run: SmokeRun, folder: Path, number: int) -> list[str]:
    """Trains on so many workers, each told to write to a folder of its own; gives their logs."""
    commands = []
    for index in range(number):
        mine = folder / str(index)
        mine.mkdir(parents=True)
        arguments.write(mine / "told.json", run.task.name, fn_args(run, mine))
        commands.append(["-m", "modules.common.training.worker", str(mine / "told.json")])
    return carry_out(commands, [folder / str(index) / "log" for index in range(number)])


def carry_out(commands: list[list[str]], logs: list[Path]) -> list[str]:
    """Has Python carry out commands that are each other's workers; gives their logs."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        places = [f"127.0.0.1:{each.getsockname()[1]}" for each in (one, other)][: len(commands)]
    started = []
    for index, (command, path) in enumerate(zip(commands, logs, strict=True)):
        cluster = {"cluster": {"worker": places}, "task": {"type": "worker", "index": index}}
        with path.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                env={**os.environ, "TF_CONFIG": json.dumps(cluster)},
                stdout=log,
                stderr=log,
            )
        started.append(process)
    try:
        codes = [process.wait(_PATIENCE_S) for process in started]
    finally:
        for process in started:
            process.kill()
    written = [path.read_text() for path in logs]
    assert codes == [0] * len(commands), "\n\n".join(text[-3000:] for text in written)
    return written


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """Reads the weights beside an exported model."""
    found: dict[str, np.ndarray] = {}
    with h5py.File(folder / "0/model/assets.extra/model.weights.h5") as file:
        file.visititems(
            lambda name, each: found.update({name: each[()]}) if hasattr(each, "shape") else None
        )
    return {n: v for n, v in found.items() if n.startswith("layers") and "seed" not in n}


def read_curve(folder: Path) -> list[dict[str, float]]:
    """Reads a learning curve, without the time."""
    with (folder / "0/run/curve.csv").open() as file:
        rows = [{n: float(v) for n, v in row.items()} for row in csv.DictReader(file)]
    return [{name: row[name] for name in row if name != "minutes"} for row in rows]


@pytest.mark.e2e
@pytest.mark.smoke_of("name_gender")
def test_two_workers_train_what_one_does(run_of_one: SmokeRun, tmp_path: Path) -> None:
    logs = train(run_of_one, tmp_path / "two", 2)
    told = [re.findall(r"trained on 2 workers, weights (\w+)", log) for log in logs]
    assert len(told[0]) == 1
    assert told[0] == told[1]
    # Each was told a folder of its own, and the chief's alone has anything new.
    assert {each.name for each in (tmp_path / "two/1").iterdir()} == {"told.json", "log"}
    train(run_of_one, tmp_path / "one", 1)
    alone, together = (read_weights(tmp_path / each) for each in ("one", "two"))
    assert alone.keys() == together.keys()
    assert len(alone) > 5
    for name in alone:
        np.testing.assert_allclose(together[name], alone[name], atol=_ROUNDING, err_msg=name)
    for one, two in zip(read_curve(tmp_path / "one"), read_curve(tmp_path / "two"), strict=True):
        assert two == pytest.approx(one, abs=_ROUNDING)


# The second worker tells that it is past each meeting, or leaves after the first.
_MEETING = """
import os, sys, time
from modules.common.runtime.stack import prepare_environment
prepare_environment()
import tensorflow as tf
from modules.common.training import distribution, strategies

def told(*args, **kwargs):
    found = call(*args, **kwargs)
    print("met", flush=True)
    if sys.argv[1] == "leave":
        time.sleep(1)
        os._exit(0)
    return found

where = strategies.make(distribution.Distribution(strategy="multi_worker"))
call, function = None, tf.function
if sys.argv[1] != "stay":
    def watched(python_function):
        global call
        call = function(python_function)
        return told
    tf.function = watched
strategies.wait_for_all(where)
os._exit(0)
"""


@pytest.mark.e2e
@pytest.mark.parametrize("how, meetings", [("leave", 1), ("tell", 2)])
def test_worker_may_leave_when_all_have_met(how: str, meetings: int, tmp_path: Path) -> None:
    commands = [["-c", _MEETING, "stay"], ["-c", _MEETING, how]]
    _, second = carry_out(commands, [tmp_path / "chief", tmp_path / "worker"])
    assert second.count("met\n") == meetings


@pytest.mark.e2e
@pytest.mark.smoke_of("name_gender")
def test_worker_that_is_killed_ends_the_training(run_of_one: SmokeRun, tmp_path: Path) -> None:
    begun = threading.Event()

    def kill_one() -> None:
        assert begun.wait(_PATIENCE_S)
        [*_, last] = find_workers()
        os.kill(last, signal.SIGKILL)

    threading.Thread(target=kill_one, daemon=True).start()
    many = fn_args(run_of_one, tmp_path, epochs=1000)
    many.train_steps = 0
    with (
        progress.subscribe(lambda report: begun.set()),
        pytest.raises(workers.WorkerError, match="worker 1 of 2 ended with SIGKILL") as raised,
    ):
        workers.train(many, "name_gender", Distribution(strategy="multi_worker", workers=2))
    assert "run again" in str(raised.value)
    assert not find_workers()
    assert not (tmp_path / "model").exists()


@pytest.mark.smoke_of("name_gender")
@pytest.mark.e2e
def test_error_of_a_worker_is_the_runs(run_of_one: SmokeRun, tmp_path: Path) -> None:
    wrong = fn_args(run_of_one, tmp_path)
    wrong.custom_config["settings"]["filter"] = 3
    began_s = time.monotonic()
    with pytest.raises(TaskError, match="no setting 'filter'; did you mean 'filters'"):
        workers.train(wrong, "name_gender", Distribution(strategy="multi_worker", workers=1))
    assert time.monotonic() - began_s < _PATIENCE_S
    assert not find_workers()


def find_workers() -> list[int]:
    """Finds the workers that this process started, in their order."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == os.getpid() and b"modules.common.training.worker" in command:
            found.append(int(entry.name))
    return sorted(found)
