"""Packages of the tasks for the stand-in, and what is asked of a run of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from launcher import Run
from launcher_package import dependencies

from components.serving_validator import check_answer
from kubeflow.compile.config import KubeflowConfig
from kubeflow.compile.runner import compile_task
from lianxi_client import Client
from modules.common.declaring.registry import load_task
from pipelines.builder import Options
from serving.server import Server, ServerConfig

_STARTUP_S = 120


def compile_package(
    name: str,
    folder: Path,
    models_dir: str,
    options: Options = Options(),  # noqa: B008 - frozen
    env: Mapping[str, str] | None = None,
) -> Path:
    """Compiles a task's package, tiny training.

    Args:
        name: The task.
        folder: Where it goes.
        models_dir: Where models are pushed to.
        options: Whether to tune, and to warm-start.
        env: Variables of every container.
    """
    config = KubeflowConfig(models_dir=models_dir, env=dict(env or {}))
    path = folder / "package.yaml"
    compile_task(load_task(name), config, smoke=True, options=options).write(path)
    return path


def cut(package: Path, *steps: str) -> Path:
    """Leaves of a package only these steps and what they need."""
    spec, *others = yaml.safe_load_all(package.read_text(encoding="utf-8"))
    tasks: dict[str, Any] = spec["root"]["dag"]["tasks"]
    kept: set[str] = set()
    todo = list(steps)
    while todo:
        step = todo.pop()
        kept.add(step)
        todo.extend(dependencies(tasks[step]) - kept)
    spec["root"]["dag"]["tasks"] = {name: tasks[name] for name in tasks if name in kept}
    package.write_text(yaml.safe_dump_all([spec, *others]), encoding="utf-8")
    return package


def said(run: Run) -> str:
    """Gives what failed steps said last."""
    return "\n".join(
        f"{step}: {error}\n{run.logs.get(step, '')[-3000:]}" for step, error in run.errors.items()
    )


def check_served(name: str, models: Path) -> None:
    """Serves what was pushed and holds the answer against the task's declaration."""
    task = load_task(name)
    with Server({name: str(models / name)}, ServerConfig(port=0)) as server:
        server.wait_until_available(name, _STARTUP_S)
        with Client(f"localhost:{server.port}") as client:
            check_answer(task, client.predict(name, task.serving.example))
