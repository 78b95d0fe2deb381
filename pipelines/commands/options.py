"""Options and arguments that several commands take."""

from __future__ import annotations

import click

from modules.common.errors import TaskError
from modules.common.registry import load_task
from modules.common.task import Task


class TaskType(click.ParamType):
    """A task by its name."""

    name = "task"

    def convert(
        self, value: str | Task, param: click.Parameter | None, ctx: click.Context | None
    ) -> Task:
        """Loads the task; a name that no task has is a usage error with a suggestion."""
        if isinstance(value, Task):
            return value
        try:
            return load_task(value)
        except TaskError as error:
            raise click.UsageError(str(error)) from error


class SettingType(click.ParamType):
    """`name=value`."""

    name = "name=value"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Splits at the first equals sign."""
        name, equals, setting = value.partition("=")
        if not equals or not name.strip():
            self.fail(f"expected name=value, found {value!r}", param, ctx)
        return name.strip(), setting.strip()


task_argument = click.argument("task", type=TaskType())
root_option = click.option(
    "--root",
    metavar="DIR",
    help="Where artifacts, models and logs are kept. "
    "Default: the variable LIANXI_ROOT, or lianxi_runs.",
)
env_option = click.option(
    "--env",
    "env_name",
    type=click.Choice(["local", "smoke"]),
    default="local",
    show_default=True,
    help="smoke trains a tiny model, to see that everything works.",
)
data_option = click.option(
    "--data",
    metavar="PATH",
    help="Folder or file with raw data. Without it, sample data is made.",
)
set_option = click.option(
    "--set",
    "settings",
    type=SettingType(),
    multiple=True,
    help="Set a hyperparameter; may be given many times. A wrong name lists them.",
)
as_json = click.option(
    "--json", "as_json", is_flag=True, help="End with one line of JSON on standard output."
)
