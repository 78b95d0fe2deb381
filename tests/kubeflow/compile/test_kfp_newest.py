"""Packages of all tasks, read by the newest kfp, which neither stack has: in a process of its own.

`requirements/kfp-newest.in` says which that is; `requirements/kfp-newest.txt` is its lock. The
environment is made once for all tests of this file.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kubeflow.compile.config import KubeflowConfig, load
from kubeflow.compile.platform import step_config
from kubeflow.compile.runner import compile_task
from modules.common.declaring.registry import load_task, task_names
from pipelines.builder import Options

ROOT = Path(__file__).resolve().parents[3]
LOCK = ROOT / "requirements/kfp-newest.txt"
EXAMPLE = ROOT / "kubeflow/config.example.yaml"
SCRIPT = Path(__file__).with_name("kfp_newest.py")
# What uv says where the package index cannot be reached; all else is a mistake of the lock.
UNREACHABLE = ("client error (Connect)", "dns error", "timed out", "network was disabled")
TIMEOUT_S = 600


@pytest.fixture(scope="session")
def newest_kfp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment that has the newest kfp and nothing of the stack."""
    uv = find_uv()
    python = tmp_path_factory.mktemp("kfp") / "venv/bin/python"
    run([uv, "venv", "--quiet", "--python", sys.executable, str(python.parents[1])])
    install = [uv, "pip", "install", "--quiet", "--require-hashes", "--requirement", str(LOCK)]
    done = run([*install, "--python", str(python)], check=False)
    if any(reason in done.stderr for reason in UNREACHABLE):
        pytest.skip(f"needs the packages of {LOCK.name} from the package index: {done.stderr}")
    assert done.returncode == 0, done.stderr
    return python


def find_uv() -> str:
    """Finds uv as `make setup` does."""
    spec = importlib.util.spec_from_file_location("get_uv", ROOT / "requirements/get_uv.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        return str(module.find_uv(ROOT))
    except SystemExit as error:
        pytest.skip(str(error))


def run(command: list[str], check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=TIMEOUT_S
    )
    assert done.returncode == 0 or not check, done.stderr
    return done


def told_by(newest_kfp: Path, *arguments: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run([str(newest_kfp), str(SCRIPT), *arguments]).stdout)
    return told


@pytest.fixture(scope="module")
def config() -> KubeflowConfig:
    return load(str(EXAMPLE))


def test_the_newest_kfp_reads_every_package(
    newest_kfp: Path, config: KubeflowConfig, tmp_path: Path
) -> None:
    packages = {}
    for name in task_names():
        task, tunes = load_task(name), bool(load_task(name).search)
        options = Options(tune=tunes, warm_start=True, cache=False)
        packages[f"{name}.yaml"] = compile_task(task, config)
        packages[f"{name}-all.yaml"] = compile_task(task, config, smoke=True, options=options)
        packages[f"{name}-bare.yaml"] = compile_task(task, KubeflowConfig())
    assert any("Tuner" in package.steps for package in packages.values())
    paths = {str(tmp_path / name): package for name, package in packages.items()}
    for path, package in paths.items():
        package.write(Path(path))
    told = told_by(newest_kfp, *paths)
    for path, package in paths.items():
        read, steps = told[path], len(package.steps)
        assert (read["name"], read["inputs"]) == (package.name, sorted(package.parameters))
        assert (read["steps"], read["executors"]) == (sorted(package.steps), steps), path
        # The example says something to every step, and without settings there is one document.
        assert read["kubernetes"] == read["retried"] == (steps if package.platform else 0), path


def test_the_newest_kfp_refuses_what_it_does_not_know(
    newest_kfp: Path, config: KubeflowConfig, tmp_path: Path
) -> None:
    """So that the test above can fail."""
    package = compile_task(load_task("name_gender"), config)
    for number, place in enumerate((package.spec, package.platform)):
        path = tmp_path / f"{number}.yaml"
        place["unheardOf"] = 1
        package.write(path)
        del place["unheardOf"]
        done = run([str(newest_kfp), str(SCRIPT), str(path)], check=False)
        assert "unheardOf" in done.stderr and done.returncode
    path = tmp_path / "executor.yaml"
    executors = package.platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    executors["Trainer_executor"]["nodeSelectors"] = {}
    package.write(path)
    done = run([str(newest_kfp), str(SCRIPT), str(path)], check=False)
    assert "nodeSelectors" in done.stderr and done.returncode


def test_every_kfp_kubernetes_writes_the_same(newest_kfp: Path, config: KubeflowConfig) -> None:
    """What the stack's has no function for is written by hand; the newest says things twice."""
    steps = ("Trainer", "Pusher")
    told = told_by(newest_kfp, "--write-platform", str(EXAMPLE), *steps)
    assert told == {step: step_config(config, step) for step in steps}
