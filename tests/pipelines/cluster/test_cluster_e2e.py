"""A cluster of processes: what runs on it, when a worker is killed too, equals what runs here."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from smoke import LIANXI, SmokeRun

from pipelines.cluster import state
from pipelines.cluster.marked_processes import find_marked

pytestmark = pytest.mark.e2e

_STARTED = re.compile(r"worker (\w+) is process (\d+)")


def _lianxi(*words: str, code: int = 0) -> str:
    done = subprocess.run(
        [LIANXI, *words], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout


@pytest.fixture
def root(tmp_path: Path) -> Iterator[str]:
    """A root with a cluster of two workers."""
    root = str(tmp_path / "runs")
    said = _lianxi("cluster", "up", "--kind", "portable", "--workers", "2", "--root", root)
    assert "a cluster of 2 workers runs" in said
    try:
        yield root
    finally:
        _lianxi("cluster", "down", "--root", root)


def _started_workers(root: str) -> dict[str, list[int]]:
    """Gives the worker processes that each pool says it started."""
    logs = sorted(Path(root, "cluster/logs").glob("worker_pool_*.log"))
    return {log.stem: [int(pid) for _, pid in _STARTED.findall(log.read_text())] for log in logs}


def _kill_a_worker_of(process: subprocess.Popen[str], component: str, root: str) -> int:
    """Waits until a component's workers work, and kills one."""
    assert process.stderr is not None
    said = ""
    while component not in said:
        said = process.stderr.readline()
        assert said, "the run ended before"
    before = _started_workers(root)
    while (now := _started_workers(root)) == before:
        assert process.poll() is None, "the run ended before"
        time.sleep(0.1)
    [new] = set(now["worker_pool_1"]) - set(before["worker_pool_1"])
    # It is in the midst of something.
    time.sleep(1.0)
    os.kill(new, signal.SIGKILL)
    return new


@pytest.mark.smoke_of("name_gender")
def test_a_run_on_workers_of_which_one_is_killed_gives_what_a_local_one_gives(
    root: str, run_of_one: SmokeRun
) -> None:
    words = ("run", "name_gender", "--env", "smoke", "--root", root, "--engine", "portable")
    process = subprocess.Popen(
        [LIANXI, *words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    # What is said last before Transform begins.
    _kill_a_worker_of(process, "AnomalyGate", root)
    printed, said = process.communicate(timeout=600)
    assert process.returncode == 0, said
    result = json.loads(printed.strip().splitlines()[-1])
    assert result["pushed"] and result["examples"] == run_of_one.first["examples"]
    for name, metric in run_of_one.first["metrics"].items():
        assert result["metrics"][name]["value"] == pytest.approx(metric["value"], abs=0.02), name
        assert result["metrics"][name]["baseline"] == pytest.approx(metric["baseline"], abs=1e-6)
    told = Path(root, "cluster/logs/job_service.log").read_text()
    assert len(re.findall(r"the job begins again \(1 of 3\)", told)) == 1
    # Both had work in every component that Beam carries out, and once more after the loss.
    assert [len(pids) for pids in _started_workers(root).values()] == [5, 5]
    worked = [int(count) for count in re.findall(r"worked on (\d+) elements", told)]
    assert sum(count > 100 for count in worked) > 4


def test_a_run_that_is_stopped_takes_its_job_with_it(root: str) -> None:
    words = ("run", "name_gender", "--env", "smoke", "--root", root, "--engine", "portable")
    process = subprocess.Popen(
        [LIANXI, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while not all(workers := list(_started_workers(root).values())):
        assert process.poll() is None, "the run ended before"
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "stopped (Ctrl-C) during ExampleGen" in said
    end = time.monotonic() + 60
    while (left := _alive(workers)) and time.monotonic() < end:
        time.sleep(0.2)
    assert not left
    # What it can begin again is not begun again.
    assert "begins again" not in Path(root, "cluster/logs/job_service.log").read_text()


def _alive(workers: list[list[int]]) -> list[int]:
    return [pid for pids in workers for pid in pids if Path(f"/proc/{pid}").exists()]


def test_what_is_up_is_told_and_what_is_down_leaves_nothing(root: str) -> None:
    assert "runs already" in _lianxi("cluster", "up", "--root", root)
    shown = json.loads(_lianxi("cluster", "status", "--root", root, "--json"))
    assert [part["state"] for part in shown["parts"]] == ["runs"] * 3
    cluster = state.read(Path(root, "cluster"))
    assert cluster is not None
    # Whoever kills a pool leaves its workers, which have its mark.
    os.kill(cluster.parts[0].pid, signal.SIGKILL)
    time.sleep(0.5)
    assert "does not" in _lianxi("cluster", "--root", root, code=1)
    assert "lianxi cluster down" in _lianxi("cluster", "up", "--root", root, code=1)
    _lianxi("cluster", "down", "--root", root)
    assert not find_marked(cluster.mark)
    assert not Path(cluster.work).exists()
    assert _lianxi("cluster", "down", "--root", root) == "no cluster runs\n"
