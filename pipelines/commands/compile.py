"""`lianxi compile`: a task's pipeline as a package for a cluster."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modules.common.task import Task
from pipelines.commands.options import SettingsCommand, set_option, task_argument
from pipelines.logs import logging_to

if TYPE_CHECKING:
    from kubeflow.config import KubeflowConfig
    from kubeflow.package import Package


@click.command(cls=SettingsCommand)
@task_argument
@click.option(
    "--engine",
    type=click.Choice(["kubeflow"]),
    default="kubeflow",
    show_default=True,
    help="kubeflow: Kubeflow Pipelines 2, schema 2.1.",
)
@click.option(
    "--config",
    metavar="FILE",
    help="What the cluster looks like, YAML; kubeflow/config.example.yaml shows every setting. "
    "Default: the variable LIANXI_KUBEFLOW_CONFIG.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Where the package goes. Default: TASK.yaml in the current folder.",
)
@click.option("--image", metavar="NAME", help="Container image of all steps.")
@click.option("--pipeline-root", metavar="URI", help="Where artifacts go: minio://, s3://, gs://.")
@click.option("--models-dir", metavar="DIR", help="Where models go: a mounted path, or a URI.")
@click.option("--data", metavar="PATH", help="Default of the runtime parameter data.")
@click.option(
    "--train-steps", type=click.IntRange(min=1), metavar="N", help="Default of train_steps."
)
@click.option("--smoke", is_flag=True, help="Train a tiny model, to see that everything works.")
@click.option("--tune", is_flag=True, help="Search hyperparameters before training.")
@click.option("--warm-start", is_flag=True, help="Begin with the last pushed model's weights.")
@click.option("--no-cache", is_flag=True, help="Run every step, changed or not.")
@set_option
def command(
    task: Task,
    engine: str,
    config: str | None,
    out: Path | None,
    settings: tuple[tuple[str, str], ...],
    smoke: bool,
    tune: bool,
    warm_start: bool,
    no_cache: bool,
    **overrides: Any,
) -> None:
    r"""Compile TASK's pipeline into one YAML file that Kubeflow Pipelines 2 runs.

    \b
    lianxi compile name_gender --image registry.example.com/lianxi:0.1.0
    lianxi compile name_gender --config kubeflow.yaml --out package.yaml
    lianxi compile name_gender --config kubeflow.yaml --epochs 30

    The package holds nothing of this machine: data and models are paths on volumes of the cluster,
    or gs://. A run sets two parameters: data, where the data is (sample data is made without it),
    and train_steps, which bounds training.

    Upload it by hand in KFP's web page, or let `lianxi tfx pipeline create` compile and upload;
    docs/kubeflow.md has each command from an empty cluster to a served model.
    """
    with logging_to(Path(os.devnull)):
        from kubeflow.config import load
        from kubeflow.runner import compile_task
        from pipelines.builder import Options

        cluster = load(config, overrides)
        options = Options(tune=tune, warm_start=warm_start, cache=not no_cache)
        package = compile_task(task, cluster, dict(settings), smoke=smoke, options=options)
    path = out or Path(f"{task.name}.yaml")
    package.write(path)
    _show(task, package, cluster, path)
    variable = f"LIANXI_KUBEFLOW_CONFIG={config} " if config else ""
    click.echo(
        "Upload it in KFP's web page, or compile and upload in one:\n"
        f"  {variable}lianxi tfx pipeline create --engine kubeflow "
        f"--pipeline_path pipelines/{task.name}.py --endpoint URL"
    )


def _show(task: Task, package: Package, cluster: KubeflowConfig, path: Path) -> None:
    """Prints what was compiled."""
    click.echo(f"wrote {path}: {task.title}")
    parameters = [f"{name} = {value!r}" for name, value in package.parameters.items()]
    rows = {
        "pipeline": package.name,
        "steps": f"{len(package.steps)}: {', '.join(package.steps)}",
        "image": ", ".join(package.images),
        "parameters": ", ".join(parameters),
        "artifacts": cluster.pipeline_root or "where KFP keeps them",
        "models": f"{cluster.models_dir}/{task.name}",
    }
    for name, text in rows.items():
        click.echo(f"  {name:<11}{text}")
    for line in _warnings(cluster):
        click.echo(f"note: {line}", err=True)


def _warnings(cluster: KubeflowConfig) -> list[str]:
    """Says what would probably go wrong in the cluster."""
    from kubeflow.config import DEFAULT_IMAGE

    found = []
    if cluster.image == DEFAULT_IMAGE:
        found.append(
            f"the image is {DEFAULT_IMAGE}, which no registry has; name yours with --image"
        )
    mounted = [volume.path.rstrip("/") for volume in cluster.volumes]
    for name, path in (("models_dir", cluster.models_dir), ("data", cluster.data)):
        on_volume = any(path == mount or path.startswith(mount + "/") for mount in mounted)
        if path.startswith("/") and not on_volume:
            found.append(
                f"{name} {path} is on no volume of the configuration; what is written there is "
                "gone with the step"
                if name == "models_dir"
                else f"{name} {path} is on no volume of the configuration, so no step sees it"
            )
    return found
