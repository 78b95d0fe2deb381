"""Processes of a cluster are found by their mark, and ended."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from modules.common.runtime.errors import LianxiError
from pipelines.cluster import starting, state
from pipelines.cluster.marked_processes import end_marked, find_marked, start_marked
from pipelines.cluster.starting import Command, new_mark

# A pool and its worker: the one starts the other and waits.
_PARENT = (
    "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; "
    "time.sleep(60)']); time.sleep(60)"
)


def test_workers_of_a_pool_that_was_killed_are_ended_too(tmp_path: Path) -> None:
    mark = new_mark()
    parent = start_marked([sys.executable, "-c", _PARENT], mark, tmp_path / "log", tmp_path)
    other = start_marked([sys.executable, "-c", _PARENT], new_mark(), tmp_path / "log", tmp_path)
    try:
        end = time.monotonic() + 30
        while len(find_marked(mark)) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(10)
        assert len(find_marked(mark)) == 1
        assert end_marked(mark) == [] == find_marked(mark)
        assert other.poll() is None
    finally:
        os.killpg(other.pid, signal.SIGKILL)
        other.wait(10)


def test_a_part_that_ends_at_once_is_told_with_its_words_and_the_rest_ended(
    tmp_path: Path,
) -> None:
    mark = new_mark()
    cluster = state.Cluster(mark=mark, kind=state.FLINK, workers=1, job_port=1, pool_port=1)
    lasting = Command(name="pool", words=(sys.executable, "-c", "import time; time.sleep(60)"))
    failing = Command(
        name="job server", words=(sys.executable, "-c", "raise SystemExit('no room')"), port=1
    )
    with pytest.raises(LianxiError, match=r"job server ended with code 1: no room; all it said is"):
        starting.start(tmp_path, cluster, [lasting, failing], lambda text: None)
    assert not find_marked(mark) and state.read(tmp_path) is None


def test_a_cluster_whose_machine_was_switched_off_is_forgotten(tmp_path: Path) -> None:
    part = state.Part(name="pool", port=1, log="", pid=1)
    gone = state.Cluster(
        mark=new_mark(), kind=state.FLINK, workers=1, job_port=1, pool_port=1, parts=(part,)
    )
    state.write(tmp_path, gone)
    assert state.read(tmp_path) == gone
    assert starting.find_running(tmp_path) is None
    assert state.read(tmp_path) is None


def test_a_file_that_is_no_cluster_is_told(tmp_path: Path) -> None:
    (tmp_path / "cluster.json").write_text("{}")
    with pytest.raises(LianxiError, match="does not say what a cluster is"):
        state.read(tmp_path)
