"""Where the jars of a Flink cluster come from: Flink's from PyPI, Beam's job server from Maven."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from modules.common.runtime.errors import LianxiError
from pipelines.engines.flink import FLINK_LINE

# A release that was tried of the newest line of Flink 1 that Beam has a runner for.
FLINK_VERSION = f"{FLINK_LINE}.3"
# Runs on Java 11 and 17.
NEWEST_JAVA = 17
CACHE_VARIABLE, JAR_VARIABLE = "LIANXI_CACHE", "LIANXI_FLINK_JOB_SERVER_JAR"
_LIBRARIES = f"apache-flink-libraries=={FLINK_VERSION}"
_DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_FETCH_WITHIN_S = 900.0


def cache_dir() -> Path:
    """Gives the folder for what is fetched once: LIANXI_CACHE, or a user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(os.environ.get(CACHE_VARIABLE) or f"{base}/lianxi")


def flink_lib(say: Callable[[str], None]) -> Path:
    """Gives the folder of Flink's jars; fetches them the first time, 230 MB.

    Args:
        say: Told before a fetch.

    Raises:
        LianxiError: If they cannot be had.
    """
    lib = cache_dir() / f"flink-{FLINK_VERSION}" / "lib"
    if lib.is_dir():
        return lib
    say(f"fetching Flink {FLINK_VERSION}, 230 MB, once")
    lib.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=lib.parent) as made:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", made]
        _call([*command, _LIBRARIES], f"Flink's jars ({_LIBRARIES})", "")
        with tarfile.open(next(Path(made).glob("*.tar.gz"))) as packed:
            for member in packed.getmembers():
                if "/deps/lib/" in member.name and member.name.endswith(".jar"):
                    member.name = Path(member.name).name
                    packed.extract(member, f"{made}/lib", filter="data")
        Path(made, "lib").replace(lib)
    return lib


def job_server_artifact() -> str:
    """Names Beam's job server for Flink, of the version of Beam that is installed."""
    beam = version("apache-beam")
    return f"org.apache.beam:beam-runners-flink-{FLINK_LINE}-job-server:{beam}"


def job_server_jar(given: str | None, say: Callable[[str], None]) -> Path:
    """Gives Beam's job server for Flink; has Maven fetch it the first time.

    Args:
        given: Its file, where a person has one; the variable LIANXI_FLINK_JOB_SERVER_JAR where not
            given.
        say: Told before a fetch.

    Raises:
        LianxiError: If it cannot be had.
    """
    named = given or os.environ.get(JAR_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise LianxiError(
                f"expected Beam's job server in {JAR_VARIABLE}, found no file {named}"
            )
        return Path(named)
    artifact, kept = job_server_artifact(), _kept_job_server()
    if not kept.is_file():
        say(f"fetching {artifact}, once")
        kept.parent.mkdir(parents=True, exist_ok=True)
        command = [_program("mvn"), "--batch-mode", "--quiet", f"{_DEPENDENCY_PLUGIN}:copy"]
        command += [f"-Dartifact={artifact}", f"-DoutputDirectory={kept.parent}"]
        other = (
            f"name its file by --job-server-jar or the variable {JAR_VARIABLE}, or start a "
            "cluster without Flink: lianxi cluster up --kind portable"
        )
        _call(command, f"Beam's job server for Flink ({artifact})", other)
    return kept


def find_job_server_jar() -> Path | None:
    """Gives Beam's job server for Flink where a person named it, or it was fetched before."""
    named = os.environ.get(JAR_VARIABLE)
    found = Path(named) if named else _kept_job_server()
    return found if found.is_file() else None


def _kept_job_server() -> Path:
    _, name, beam = job_server_artifact().split(":")
    return cache_dir() / f"{name}-{beam}.jar"


def java() -> str:
    """Gives the program that runs jars.

    Raises:
        LianxiError: If there is none.
    """
    home = os.environ.get("JAVA_HOME")
    return f"{home}/bin/java" if home else _program("java")


def _program(name: str) -> str:
    found = shutil.which(name)
    if not found:
        raise LianxiError(
            f"a Flink cluster on this machine needs {name}, found none; install Java {NEWEST_JAVA} "
            "and Maven, or start a cluster without Flink: lianxi cluster up --kind portable"
        )
    return found


def _call(command: list[str], what: str, other: str) -> None:
    """Runs what fetches something; raises with its own words where it fails."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_FETCH_WITHIN_S
        )
    except subprocess.TimeoutExpired as error:
        raise LianxiError(f"{what} did not arrive within {_FETCH_WITHIN_S:.0f} s") from error
    if done.returncode:
        lines = [
            line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line.upper()
        ]
        reason = lines[0].partition("] ")[2] or lines[0] if lines else f"code {done.returncode}"
        raise LianxiError(f"{what} cannot be had: {reason[:600]}" + (f"; {other}" if other else ""))
