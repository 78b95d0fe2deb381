"""A Flink cluster on this machine: JobManager, TaskManagers, a pool of workers, a job server."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.cluster import state
from pipelines.cluster.flink_jars import flink_lib, java, job_server_jar
from pipelines.cluster.marked_processes import free_ports
from pipelines.cluster.starting import Command, new_mark, pool_command, start

_ENTRY = "org.apache.flink.runtime."
_MASTER = f"{_ENTRY}entrypoint.StandaloneSessionClusterEntrypoint"
_WORKER = f"{_ENTRY}taskexecutor.TaskManagerRunner"
SLOTS = 2
"""Of each TaskManager: one to work in, and one for what another that is lost had to do."""

_ANSWERS_WITHIN_S = 5.0
# What Flink reflects upon and Java has closed since 16; the list of Flink's own configuration.
_OPENED = (
    "java.lang", "java.net", "java.io", "java.nio", "java.lang.reflect", "java.text", "java.time",
    "java.util", "java.util.concurrent", "java.util.concurrent.atomic",
    "java.util.concurrent.locks", "sun.nio.ch",
)  # fmt: skip
_EXPORTED = ("sun.net.util",)
_HEAP_MB = {"master": 512, "worker": 512}
# Flink's scripts work these out; without them each must be said.
_WORKER_MEMORY = {
    "taskmanager.cpu.cores": "1.0",
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.task.heap.size": "384m",
    "taskmanager.memory.framework.off-heap.size": "128m",
    "taskmanager.memory.task.off-heap.size": "0m",
    # Beam keeps in it what it shuffles and sorts.
    "taskmanager.memory.managed.size": "256m",
    # A shuffle of Beam's would want 512 buffers at once of the two thousand that 64 MiB are.
    "taskmanager.network.sort-shuffle.min-buffers": "64",
    "taskmanager.memory.network.min": "256m",
    "taskmanager.memory.network.max": "256m",
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.min": "192m",
    "taskmanager.memory.jvm-overhead.max": "192m",
}


def up(
    folder: Path, workers: int, given_jar: str | None, say: Callable[[str], None]
) -> state.Cluster:
    """Starts the cluster.

    Args:
        folder: Where it keeps its state and logs.
        workers: How many TaskManagers it has.
        given_jar: Beam's job server, where a person has its file.
        say: Told of each part that is ready.
    """
    jar, lib = job_server_jar(given_jar, say), flink_lib(say)
    rest, job, artifacts, expansion, pool = free_ports(5)
    flink = flink_commands(folder, lib, rest, workers)
    server = Command(
        name="job server",
        words=(
            *(java(), *_java_options(_HEAP_MB["master"]), "-jar", str(jar)),
            *("--flink-master", f"localhost:{rest}", "--job-host", "localhost"),
            *("--job-port", str(job), "--artifact-port", str(artifacts)),
            *("--expansion-port", str(expansion), "--artifacts-dir", "artifacts"),
        ),
        port=job,
    )
    cluster = state.Cluster(
        mark=new_mark(),
        kind=state.FLINK,
        workers=workers,
        job_port=job,
        pool_port=pool,
        rest_port=rest,
    )
    return start(folder, cluster, [*flink, pool_command("worker pool", pool), server], say)


def flink_commands(folder: Path, lib: Path, rest_port: int, workers: int) -> list[Command]:
    """Says how a JobManager and its TaskManagers are started.

    Args:
        folder: The cluster's folder, in which Flink's configuration goes.
        lib: The folder of Flink's jars.
        rest_port: Where the JobManager answers.
        workers: How many TaskManagers.
    """
    rpc, blobs = free_ports(2)
    common = {
        "jobmanager.rpc.address": "localhost",
        "jobmanager.rpc.port": str(rpc),
        "rest.address": "localhost",
        "rest.bind-address": "localhost",
        "rest.port": str(rest_port),
        "blob.server.port": str(blobs),
        "parallelism.default": str(workers),
        # A killed TaskManager is noticed soon, and what it had done is done again.
        "heartbeat.interval": "2000",
        "heartbeat.timeout": "10000",
        "taskmanager.load-balance.mode": "SLOTS",
        # Every job brings the job server's jar.
        "blob.service.cleanup.interval": "60",
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": "3",
        "restart-strategy.fixed-delay.delay": "2 s",
    }
    master = Command(
        name="JobManager",
        words=_java_command(_MASTER, lib, _HEAP_MB["master"], _configure(folder, "master", common)),
        port=rest_port,
        is_ready=lambda: task_managers(rest_port) is not None,
    )
    found = [master]
    for number in range(1, workers + 1):
        settings = {
            **common,
            **_WORKER_MEMORY,
            "taskmanager.host": "localhost",
            "taskmanager.numberOfTaskSlots": str(SLOTS),
            "taskmanager.resource-id": f"taskmanager-{number}",
        }
        conf = _configure(folder, f"worker_{number}", settings)
        found.append(
            Command(
                name=f"TaskManager {number}",
                words=_java_command(_WORKER, lib, _HEAP_MB["worker"], conf),
                is_ready=_offers_slots(rest_port, f"taskmanager-{number}"),
            )
        )
    return found


def task_managers(rest_port: int) -> list[dict[str, Any]] | None:
    """Asks a JobManager for its TaskManagers.

    Args:
        rest_port: Where it answers.

    Returns:
        Flink's own description of each, or `None` where the JobManager does not answer.
    """
    try:
        url = f"http://localhost:{rest_port}/taskmanagers"
        with urllib.request.urlopen(url, timeout=_ANSWERS_WITHIN_S) as answer:
            return list(json.load(answer)["taskmanagers"])
    except (OSError, ValueError, KeyError):
        return None


def _offers_slots(rest_port: int, name: str) -> Callable[[], bool]:
    # A TaskManager is in the list before it has told of its slots: until then it has none.
    return lambda: any(
        each["id"] == name and each["slotsNumber"] == SLOTS
        for each in task_managers(rest_port) or ()
    )


def _configure(folder: Path, name: str, settings: Mapping[str, str]) -> Path:
    conf = folder / "conf" / name
    conf.mkdir(parents=True, exist_ok=True)
    lines = "".join(f'{key}: "{value}"\n' for key, value in settings.items())
    (conf / "config.yaml").write_text(lines, encoding="utf-8")
    (conf / "log4j.properties").write_text(
        "rootLogger.level = INFO\n"
        "rootLogger.appenderRef.console.ref = Console\n"
        "appender.console.name = Console\n"
        "appender.console.type = CONSOLE\n"
        "appender.console.layout.type = PatternLayout\n"
        "appender.console.layout.pattern = %d{HH:mm:ss} %-5p %c{1} %m%n\n",
        encoding="utf-8",
    )
    return conf


def _java_options(heap_mb: int) -> Sequence[str]:
    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
    exported = [f"--add-exports=java.base/{package}=ALL-UNNAMED" for package in _EXPORTED]
    return (f"-Xmx{heap_mb}m", "-Djava.io.tmpdir=.", *opened, *exported)


def _java_command(entry: str, lib: Path, heap_mb: int, conf: Path) -> Sequence[str]:
    jars = os.pathsep.join(str(path) for path in sorted(lib.glob("*.jar")))
    log = f"-Dlog4j.configurationFile=file:{conf / 'log4j.properties'}"
    command = (java(), *_java_options(heap_mb), log, "-cp", jars, entry, "--configDir", str(conf))
    return command
