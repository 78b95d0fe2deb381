"""Whole runs on Apache Flink, where Beam's job server for it is at hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from smoke import LIANXI, SmokeRun

from pipelines.cluster import state
from pipelines.cluster.flink_jars import JAR_VARIABLE
from pipelines.cluster.marked_processes import find_marked

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not os.environ.get(JAR_VARIABLE),
        reason=f"no Beam job server for Flink: {JAR_VARIABLE} names no jar",
    ),
]
_WAIT_S = 300
# Of a component's hundreds of steps, so many are over when it is in the midst of its work.
_STEPS_OVER = 60


@pytest.fixture
def root(tmp_path: Path) -> Iterator[str]:
    """A root with a Flink cluster of two TaskManagers."""
    root = str(tmp_path / "runs")
    subprocess.run([LIANXI, "cluster", "up", "--root", root], check=True, timeout=600)
    cluster = _cluster(root)
    try:
        yield root
    finally:
        subprocess.run([LIANXI, "cluster", "down", "--root", root], check=True, timeout=120)
    assert not find_marked(cluster.mark)


def _cluster(root: str) -> state.Cluster:
    cluster = state.read(Path(root, "cluster"))
    assert cluster is not None
    return cluster


def _jobs(root: str) -> list[dict[str, Any]]:
    """Asks the JobManager for its jobs, the newest last."""
    url = f"http://localhost:{_cluster(root).rest_port}/jobs/overview"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return sorted(json.load(answer)["jobs"], key=lambda job: job["start-time"])


def _start(root: str) -> subprocess.Popen[str]:
    words = ("run", "name_gender", "--env", "smoke", "--root", root, "--engine", "flink", "--json")
    return subprocess.Popen(
        [LIANXI, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _wait_for_steps(root: str, process: subprocess.Popen[str], jobs: int, over: int) -> None:
    """Waits until some steps of the newest of so many jobs are over."""
    end = time.monotonic() + _WAIT_S
    while time.monotonic() < end:
        assert process.poll() is None, "the run ended before"
        found = _jobs(root)
        assert len(found) <= jobs, "the job ended before"
        is_running = len(found) == jobs and found[-1]["state"] == "RUNNING"
        if is_running and found[-1]["tasks"]["finished"] >= over:
            return
        time.sleep(0.5)
    raise AssertionError(f"no {over} steps of job {jobs} were over after {_WAIT_S} s")


@pytest.mark.smoke_of("name_gender")
def test_a_run_that_is_stopped_takes_its_job_with_it_and_one_that_loses_a_worker_ends_well(
    root: str, run_of_one: SmokeRun
) -> None:
    stopped = _start(root)
    _wait_for_steps(root, stopped, jobs=1, over=0)
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=60)
    assert stopped.returncode == 130 and "stopped (Ctrl-C) during ExampleGen" in said
    end = time.monotonic() + 60
    while (now := _jobs(root)[0]["state"]) != "CANCELED" and time.monotonic() < end:
        time.sleep(0.5)
    assert now == "CANCELED"
    # After that job: ExampleGen's, StatisticsGen's and Transform's.
    process = _start(root)
    _wait_for_steps(root, process, jobs=4, over=_STEPS_OVER)
    [killed] = [part for part in _cluster(root).parts if part.name == "TaskManager 1"]
    os.kill(killed.pid, signal.SIGKILL)
    printed, said = process.communicate(timeout=900)
    assert process.returncode == 0, said
    result = json.loads(printed.strip().splitlines()[-1])
    assert result["pushed"] and result["examples"] == run_of_one.first["examples"]
    for name, metric in run_of_one.first["metrics"].items():
        assert result["metrics"][name]["value"] == pytest.approx(metric["value"], abs=0.02), name
        assert result["metrics"][name]["baseline"] == pytest.approx(metric["baseline"], abs=1e-6)
    assert [job["state"] for job in _jobs(root)] == ["CANCELED", *["FINISHED"] * 4]
    told = Path(root, "cluster/logs/JobManager.log").read_text()
    assert "from state RUNNING to RESTARTING" in told
