"""`lianxi compile`: a task's pipeline as a package for a cluster."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import click

from modules.common.declaring.task import Task
from pipelines.commands.options import SettingsCommand, set_option, task_argument
from pipelines.logs import logging_to

CONFIG_VARIABLE = "LIANXI_KUBEFLOW_CONFIG"


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
@click.option("--tune", is_flag=True, help="Search settings before training.")
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

    What the cluster looks like is in the configuration: image, storage, and for each step
    resources, nodes, tolerations, attempts. Options of this command go before it.

    The package holds nothing of this machine: data and models are paths on volumes of the cluster,
    or gs://. A run sets two parameters: data, where the data is (sample data is made without it),
    and train_steps, which bounds training.

    It is printed what each step asks of the cluster, what would probably go wrong there, and the
    commands that come next: `lianxi tfx pipeline create` compiles and uploads in one, and
    `lianxi tfx run create` starts a run. docs/kubeflow.md has each command from an empty cluster to
    a served model.
    """
    with logging_to(Path(os.devnull)):
        from kubeflow.compile import summary
        from kubeflow.compile.config import load
        from kubeflow.compile.runner import compile_task
        from pipelines.builder import Options

        cluster = load(config, overrides)
        options = Options(tune=tune, warm_start=warm_start, cache=not no_cache)
        package = compile_task(task, cluster, dict(settings), smoke=smoke, options=options)
    path = out or Path(f"{task.name}.yaml")
    package.write(path)
    click.echo(f"wrote {path}: {task.title}")
    for name, text in summary.rows(package, cluster, task.name):
        click.echo(f"  {name:<11}{text}")
    for note in summary.warnings(package, cluster):
        click.echo(f"note: {note}", err=True)
    flags = {"--smoke": smoke, "--tune": tune, "--warm-start": warm_start, "--no-cache": no_cache}
    alone = [flag for flag, given in flags.items() if given]
    alone += [f"--{name.replace('_', '-')} {value}" for name, value in settings]
    if overrides["train_steps"] is not None:
        alone.append(f"--train-steps {overrides['train_steps']}")
    variables = {CONFIG_VARIABLE: config, **_variables(overrides)}
    given = {name: value for name, value in variables.items() if value is not None}
    _show_next(task, path, alone, given)


def _variables(overrides: dict[str, Any]) -> dict[str, str | None]:
    """Gives what options said by the variables that say it to every command."""
    names = ("image", "pipeline_root", "models_dir", "data")
    return {f"LIANXI_{name.upper()}": overrides[name] for name in names}


def _show_next(task: Task, path: Path, alone: list[str], variables: dict[str, str]) -> None:
    """Prints the commands that upload and run what was compiled.

    Args:
        task: The declaration.
        path: The package.
        alone: Options that only this package knows: no configuration has them.
        variables: What other commands must be told, to compile and run the same.
    """
    said = [f"{name}={shlex.quote(value)} " for name, value in variables.items()]
    configured = "".join(each for each in said if each.startswith(CONFIG_VARIABLE))
    tfx, to = "lianxi tfx", "--engine kubeflow --endpoint URL"
    if alone:
        file = shlex.quote(str(path))
        click.echo(
            f"{', '.join(alone)} is in this file alone. Upload it as it is, here or in KFP's web "
            "page, then run it:\n"
            f"  {tfx} pipeline create {to} --pipeline_path {file}"
        )
    else:
        click.echo(
            "Upload the file in KFP's web page, or compile and upload in one, then run it:\n"
            f"  {''.join(said)}{tfx} pipeline create {to} --pipeline_path pipelines/{task.name}.py"
        )
    click.echo(f"  {configured}{tfx} run create {to} --pipeline_name {task.name}")
