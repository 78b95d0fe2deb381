"""Options and arguments that several commands take."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import click

from modules.common.declaring.registry import load_task, task_names
from modules.common.declaring.task import Task
from modules.common.runtime.errors import TaskError, did_you_mean

_TASK = "lianxi.task"


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


class SettingsCommand(click.Command):
    """A command that also takes each setting of its task as an option of its own.

    `--name value` and `--name=value`, with dashes or underscores, stand for `--set name=value`.
    """

    def settings(self, task: Task) -> Mapping[str, str]:
        """Names the settings, each with a line for `--help`: here the hyperparameters."""
        return {
            each.name: f"{each.doc} Default {each.default!r}, {each.expected}."
            for each in task.declared
        }

    def flags(self, task: Task) -> Collection[str]:
        """Names those of the settings that take no value and are then true: here none."""
        return ()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Rewrites the settings among the options, then parses as ever."""
        ctx.meta[_TASK] = _task_among(args)
        return super().parse_args(ctx, list(self._rewritten(ctx, args)))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Adds the settings of the task, where the line names one."""
        super().format_options(ctx, formatter)
        task = ctx.meta.get(_TASK)
        about = self.settings(task) if task else {}
        if task and about:
            with formatter.section(f"Settings of {task.name}"):
                formatter.write_dl(
                    [(f"--{name.replace('_', '-')}", text) for name, text in about.items()]
                )

    def _rewritten(self, ctx: click.Context, args: list[str]) -> Iterator[str]:
        options = {
            name: option
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
            for name in option.opts
        }
        task = ctx.meta[_TASK]
        known = self.settings(task) if task is not None else {}
        flags = self.flags(task) if task is not None else ()
        tokens = iter(args)
        for token in tokens:
            name, equals, value = token.partition("=")
            if token == "--":
                yield from (token, *tokens)
            elif not token.startswith("--") or name in options:
                yield token
                option = options.get(name)
                if option and not equals and not option.is_flag and not option.count:
                    yield from (following for following in [next(tokens, None)] if following)
            else:
                setting = name[2:].replace("-", "_")
                if task is not None and setting not in known:
                    names = [f"--{each}" for each in known] + list(options)
                    raise click.UsageError(f"no such option {name}; {did_you_mean(name, names)}")
                if setting in flags and not equals:
                    yield from ("--set", f"{setting}=true")
                    continue
                found = value if equals else next(tokens, None)
                if found is None or (not equals and found.startswith("--")):
                    raise click.UsageError(f"{name} takes a value: {name} VALUE")
                yield from ("--set", f"{setting}={found}")


def _task_among(args: list[str]) -> Task | None:
    """Finds the task among the words of a command line, before they are parsed."""
    return next((load_task(word) for word in args if word in task_names()), None)


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
    help="Folder or file with raw data. Without it, sample data is made or drawn.",
)
set_option = click.option(
    "--set",
    "settings",
    type=SettingType(),
    multiple=True,
    help="Set a hyperparameter; may be given many times. Each is also an option of its own: "
    "--epochs 30. `lianxi list TASK` shows them.",
)
as_json = click.option(
    "--json", "as_json", is_flag=True, help="End with one line of JSON on standard output."
)
