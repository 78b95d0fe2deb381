"""TFX's commands, told so that a stranger can use them, and with what `run status` has besides."""

from __future__ import annotations

import copy
from typing import Any

import click
from tfx.tools.cli.cli_context import Context

AS_JSON = "as_json"
FOLLOW = "follow"

_GROUPS = {
    "pipeline": """Makes, updates and lists pipelines.

    On Kubeflow a pipeline has the task's name, and an experiment of the same name; an update is a
    new version.""",
    "run": """Starts, watches and ends runs of pipelines.

    On Kubeflow a run takes the newest version of its pipeline.""",
}
_COMMANDS = {
    ("run", "status"): """Shows how far a run is, and what came of it.

    \b
    Each step with its state, its seconds and one figure; the metrics beside their baselines and
    gates; whether the model was pushed; for a step that failed, why, and where its log is.

    A step is succeeded, cached (its outputs are of an earlier run), running, waiting, failed, or
    skipped.""",
    ("run", "create"): "Starts a run of a pipeline's newest version.",
    ("run", "list"): "Lists a pipeline's runs, with their ids.",
    ("run", "terminate"): "Stops a run; what its steps have made stays.",
    ("run", "delete"): "Deletes a run; models that it pushed stay.",
    ("pipeline", "create"): "Compiles a pipeline file and uploads it, or uploads a package.",
    ("pipeline", "update"): "Uploads a new version, as `create` does.",
    ("pipeline", "list"): "Lists the pipelines, with their ids.",
    ("pipeline", "schema"): "Says where a pipeline's schema is kept.",
    ("pipeline", "delete"): "Deletes a pipeline, its versions and its experiment.",
    ("pipeline", "compile"): "Compiles a pipeline file to a package in this folder.",
}
_OPTIONS = {
    "engine": "Which runs the pipeline: kubeflow, which is meant where none is given, or local.",
    "endpoint": "Address of Kubeflow Pipelines, such as http://localhost:8888; the variable "
    "KF_PIPELINES_ENDPOINT where none is given.",
    "namespace": "Namespace of yours, where Kubeflow has users; without users, where its pods are.",
    "iap_client_id": "OAuth client of Google's Identity-Aware Proxy, behind which Kubeflow is.",
    "pipeline_name": "The task, such as name_gender.",
    "pipeline_path": "The pipeline file, such as pipelines/name_gender.py. To create and update "
    "also a package of `lianxi compile`, such as name_gender.yaml, which is uploaded as it is.",
    "run_id": "The run; `run list` shows the ids.",
    "runtime_parameter": "NAME=VALUE, as often as needed: data=PLACE says where the data is, "
    "train_steps=NUMBER bounds training.",
}
_FOLLOWED = (
    "Go on until the run has ended; exit code 1 if it failed, 3 if a gate refused the model."
)
# What is for engines that Lianxi does not have, or that TFX itself calls obsolete.
_UNUSED = ("project", "region", "build_base_image", "build_image")


def explain_errors(group: click.Command) -> click.Command:
    """Gives a copy of one of TFX's command groups with words of our own.

    Args:
        group: Such as `tfx run`; left as it is.
    """
    group = copy.copy(group)
    group.help = _GROUPS.get(group.name or "", group.help)
    if isinstance(group, click.Group):
        group.commands = {
            name: _command(group.name or "", name, each) for name, each in group.commands.items()
        }
    return group


def _command(group: str, name: str, original: click.Command) -> click.Command:
    command = copy.copy(original)
    command.help = _COMMANDS.get((group, name), original.help)
    command.params = [_parameter(each) for each in original.params]
    if (group, name) == ("run", "status"):
        command.params += [
            _flag("--json", AS_JSON, "End with one line of JSON on standard output."),
            _flag(
                "--follow",
                FOLLOW,
                _FOLLOWED,
            ),
        ]
    return command


def _parameter(original: click.Parameter) -> click.Parameter:
    parameter = copy.copy(original)
    if isinstance(parameter, click.Option):
        obsolete = (parameter.help or "").startswith("[DEPRECATED]")
        parameter.hidden = parameter.hidden or obsolete or parameter.name in _UNUSED
        parameter.help = _OPTIONS.get(parameter.name or "", parameter.help)
    return parameter


def _flag(spelling: str, name: str, said: str) -> click.Option:
    """Makes a flag that TFX's function does not take: it goes where its handler finds it."""

    def keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
        ctx.ensure_object(Context).flags_dict[name] = value

    return click.Option(
        [spelling, name], is_flag=True, expose_value=False, callback=keep, help=said
    )
