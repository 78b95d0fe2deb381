"""The command line `lianxi`: a group whose commands are imported only when they run."""

from __future__ import annotations

import importlib
import sys

import click

from modules.common.runtime.errors import did_you_mean
from modules.common.runtime.stack import prepare_environment, quiet_imports
from pipelines import ending
from pipelines.commands.groups import with_marks

# Before anything imports TensorFlow.
prepare_environment()

_COMMANDS = {
    "list": "List the tasks.",
    "new": "Write a task of your own, beginning as a copy of another.",
    "run": "Run a task's pipeline: data, training, gate, push.",
    "runs": "List past runs, show one, compare two.",
    "models": "List pushed versions; roll back, label them.",
    "serve": "Serve the pushed models over gRPC.",
    "predict": "Ask a pushed model.",
    "infer": "Answer whole tables and folders with a pushed model, into a file.",
    "gallery": "Open a page to try the pushed models.",
    "evaluate": "Measure a pushed model, on other data if you like.",
    "cluster": "Start, look at and stop a cluster of processes on this machine.",
    "sample": "Write sample data in the layout that a task reads.",
    "clean": "Remove what past runs left and nothing needs.",
    "schema": "Infer a schema from data and compare it with the curated one.",
    "compile": "Compile a task's pipeline for Kubeflow Pipelines 2.",
    "tfx": "TFX's own commands, also for Kubeflow Pipelines 2.",
}


class _LazyGroup(click.Group):
    """Imports `pipelines.commands.<name>` when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            raise click.UsageError(
                f"no command is called {cmd_name!r}; {did_you_mean(cmd_name, _COMMANDS)}"
            )
        with quiet_imports():
            module = importlib.import_module(f"pipelines.commands.{cmd_name}")
        command: click.Command = module.command
        command.help = with_marks(command.help)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lianxi")
def cli() -> None:
    r"""Lianxi: TensorFlow exercises as production TFX pipelines.

    \b
    lianxi list                              what there is
    lianxi list name_gender                  what can be set
    lianxi run name_gender                   train on sample data, gate, push
    lianxi run name_gender --data DIR        the same on your own data
    lianxi serve                             serve what was pushed, over gRPC
    lianxi predict name_gender 王婷婷         ask it
    lianxi gallery                           try them all in a browser
    """


cli.help = with_marks(cli.help)


def main() -> None:
    """Runs the command line; what goes wrong is said in words, without a stack trace."""
    sys.exit(ending.main(lambda: cli.main(standalone_mode=False)))
