"""Flink's own processes, from the jars that PyPI has; and what is said where a jar is missing."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from modules.common.runtime.errors import LianxiError
from pipelines.cluster import flink_cluster, flink_jars, starting, state
from pipelines.cluster.flink_cluster import SLOTS, flink_commands, task_managers
from pipelines.cluster.flink_jars import JAR_VARIABLE, job_server_artifact, job_server_jar
from pipelines.cluster.marked_processes import find_marked, free_ports


@pytest.mark.e2e
def test_two_task_managers_register_and_one_that_is_killed_is_missed(tmp_path: Path) -> None:
    if not shutil.which("java"):
        pytest.skip("Flink needs Java, and there is none")
    try:
        lib = flink_jars.flink_lib(print)
    except LianxiError as error:
        pytest.skip(f"Flink's jars cannot be had here: {error}")
    [rest] = free_ports(1)
    cluster = state.Cluster(
        mark=starting.new_mark(), kind=state.FLINK, workers=2, job_port=0, pool_port=0
    )
    commands = flink_commands(tmp_path, lib, rest, 2)
    cluster = starting.start(tmp_path, cluster, commands, print)
    try:
        found = task_managers(rest) or []
        assert {each["id"]: each["freeSlots"] for each in found} == {
            "taskmanager-1": SLOTS,
            "taskmanager-2": SLOTS,
        }
        killed = next(part for part in cluster.parts if part.name == "TaskManager 2")
        os.kill(killed.pid, signal.SIGKILL)
        end = time.monotonic() + 90
        while len(task_managers(rest) or []) > 1 and time.monotonic() < end:
            time.sleep(0.5)
        assert [each["id"] for each in task_managers(rest) or []] == ["taskmanager-1"]
        assert [part.name for part in starting.find_silent(cluster)] == ["TaskManager 2"]
    finally:
        starting.stop(tmp_path, cluster)
    assert not find_marked(cluster.mark)


def test_task_manager_is_ready_when_it_offers_its_slots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = flink_commands(tmp_path, tmp_path, 1234, 2)[-1]
    found: list[dict[str, object]] = []
    monkeypatch.setattr(flink_cluster, "task_managers", lambda rest_port: found or None)
    assert not command.is_ready()
    found.append({"id": "taskmanager-1", "slotsNumber": SLOTS})
    assert not command.is_ready()
    # What Flink tells of one that has just registered.
    found.append({"id": "taskmanager-2", "slotsNumber": 0})
    assert not command.is_ready()
    found[-1]["slotsNumber"] = SLOTS
    assert command.is_ready()


def _put_mvn_on_the_path(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "mvn"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("LIANXI_CACHE", str(folder / "cache"))
    monkeypatch.delenv(JAR_VARIABLE, raising=False)


def test_what_maven_refuses_is_said_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = "echo '[ERROR] Could not find artifact X in central'; exit 1"
    _put_mvn_on_the_path(tmp_path, refusal, monkeypatch)
    with pytest.raises(LianxiError) as caught:
        job_server_jar(None, print)
    said = str(caught.value)
    assert job_server_artifact() in said and "Could not find artifact X in central" in said
    assert "--job-server-jar" in said and "--kind portable" in said


def test_a_jar_is_fetched_once_or_taken_where_a_person_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, name, beam = job_server_artifact().split(":")
    fetched = f"echo asked >> {tmp_path}/asked; touch {tmp_path}/cache/{name}-{beam}.jar"
    _put_mvn_on_the_path(tmp_path, fetched, monkeypatch)
    first, again = job_server_jar(None, print), job_server_jar(None, print)
    assert first == again and first.is_file()
    assert (tmp_path / "asked").read_text() == "asked\n"
    own = tmp_path / "own.jar"
    monkeypatch.setenv(JAR_VARIABLE, str(own))
    with pytest.raises(LianxiError, match=f"found no file {own}"):
        job_server_jar(None, print)
    own.write_bytes(b"")
    assert job_server_jar(None, print) == own
