"""Options and arguments that several commands take."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

import click
from click.core import ParameterSource

from modules.common.declaring.registry import load_task, task_names
from modules.common.declaring.task import Task
from modules.common.runtime.errors import TaskError, did_you_mean

_METAVARS = {bool: "true|false", int: "INTEGER", float: "NUMBER", str: "TEXT"}
_TASK, _OPTIONS, _GIVEN = "lianxi.task", "lianxi.options", "lianxi.given"


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


class DeclaredOption(click.Option):
    """An option made of a declaration, `--max-chars` of `max_chars`, which may be written so too.

    What it is given is remembered as text, as what `--set` is given, and read by the declaration.

    Attributes:
        declared: The declared name.
    """

    def __init__(self, name: str, words: str, metavar: str = "TEXT", is_flag: bool = False) -> None:
        """Makes the option.

        Args:
            name: The declared name.
            words: What `--help` says of it.
            metavar: What stands for its value there.
            is_flag: Whether it takes no value, and `--no-…` is its opposite.
        """
        spelled = dict.fromkeys((name.replace("_", "-"), name))
        way = "--{0}/--no-{0}" if is_flag else "--{0}"
        super().__init__(
            [f"declared_{name}", *(way.format(each) for each in spelled)],
            metavar=None if is_flag else metavar,
            help=words,
            # It has a section of its own.
            hidden=True,
            expose_value=False,
            callback=_remember,
            **({"is_flag": True, "default": None} if is_flag else {"type": str}),
        )
        self.declared = name

    @property
    def words(self) -> tuple[str, str]:
        """Its line in `--help`: how it is written, and what it is."""
        written = "/".join((self.opts[0], *self.secondary_opts[:1]))
        return f"{written} {self.metavar}" if self.metavar else written, self.help or ""


def _remember(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    if not isinstance(option, DeclaredOption) or option.name is None or value is None:
        return
    if ctx.get_parameter_source(option.name) is not ParameterSource.COMMANDLINE:
        return
    if isinstance(value, str) and value in _spellings(options_of(ctx)):
        raise click.UsageError(f"{option.opts[0]} takes a value: {option.opts[0]} VALUE")
    ctx.meta[_GIVEN][option.declared] = str(value).lower() if option.is_flag else value


def options_of(ctx: click.Context) -> list[click.Option]:
    """Gives the options that a command has on this line."""
    return [each for each in ctx.command.get_params(ctx) if isinstance(each, click.Option)]


def _spellings(options: Iterable[click.Option]) -> list[str]:
    return [name for option in options for name in (*option.opts, *option.secondary_opts)]


class SettingsCommand(click.Command):
    """A command that takes each setting of its task as an option of its own, and `--set`.

    The options are there once the line names the task: `--name value` and `--name=value`, with
    dashes or underscores. The command gets all that was given, as text, as `settings`.
    """

    def declare_options(self, task: Task) -> Iterable[DeclaredOption]:
        """Makes the options of a task: here its settings."""
        for each in task.declared:
            default = f" Default: {each.default}." if each.default != "" else ""
            yield DeclaredOption(
                each.name, f"{each.doc} Takes {each.expected}.{default}", _METAVARS[each.type]
            )

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Gives the options of the command and those of the task."""
        return [*super().get_params(ctx), *ctx.meta.get(_OPTIONS, ())]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Finds the task, adds its options, and parses as ever."""
        words = self._positional_words(ctx, args)
        task = next((load_task(word) for word in words if word in task_names()), None)
        ctx.meta[_TASK], ctx.meta[_GIVEN] = task, {}
        ctx.meta[_OPTIONS] = list(self.declare_options(task)) if task else []
        try:
            rest = super().parse_args(ctx, list(self._plain_flags(ctx, args)))
        except click.NoSuchOption as error:
            if task is None:
                _refuse_task(words)
            hint = did_you_mean(error.option_name, self._name_options(ctx))
            raise click.UsageError(f"no such option {error.option_name}; {hint}") from error
        ctx.params["settings"] = tuple(ctx.meta[_GIVEN].items())
        return rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Adds the options of the task, where the line names one."""
        super().format_options(ctx, formatter)
        task, options = ctx.meta.get(_TASK), ctx.meta.get(_OPTIONS)
        if task and options:
            with formatter.section(f"Settings of {task.name}"):
                formatter.write_dl([option.words for option in options])

    def _positional_words(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Gives the words of a line that are no known options and not their values."""
        parser = self.make_parser(ctx)
        # The options of the task are not known yet.
        parser.ignore_unknown_options = True
        try:
            found, rest, _ = parser.parse_args(list(args))
        except click.UsageError:
            # It is said when the line is parsed for good.
            return list(args)
        values = [found.get(each.name) for each in self.params if isinstance(each, click.Argument)]
        words = [word for each in values for word in (each if isinstance(each, tuple) else [each])]
        return [word for word in (*words, *rest) if isinstance(word, str)]

    def _plain_flags(self, ctx: click.Context, args: list[str]) -> Iterator[str]:
        """Lets a flag be given `true` or `false`, as those who write settings do."""
        flags = {
            name: option for option in ctx.meta[_OPTIONS] if option.is_flag for name in option.opts
        }
        words = iter(args)
        for word in words:
            name, equals, value = word.partition("=")
            if word == "--":
                yield from (word, *words)
            elif equals and name in flags:
                if value.lower() not in ("true", "false"):
                    raise click.UsageError(f"{name} takes true or false, found {value!r}")
                yield name if value.lower() == "true" else flags[name].secondary_opts[0]
            else:
                yield word

    def _name_options(self, ctx: click.Context) -> list[str]:
        return [option.opts[0] for option in options_of(ctx)]


def _refuse_task(words: list[str]) -> None:
    """Raises for a line that names no task: what is wrong is that, not the options of the task."""
    named = [word for word in words if not word.startswith("-")]
    close = [word for word in named if difflib.get_close_matches(word, task_names())]
    for word in close[:1] or named[:1]:
        TaskType().convert(word, None, None)


def remember_set(
    ctx: click.Context, option: click.Parameter, value: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    """Remembers what `--set` was given among what the options were, the later one last."""
    ctx.meta.get(_GIVEN, {}).update(value)
    return value


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
    help="Folder or file with raw data; {SPAN}, {VERSION} or {YYYY}, {MM} and {DD} in it stand for "
    "the newest of several. Without it, sample data is made or drawn.",
)
spans_option = click.option(
    "--spans",
    type=click.IntRange(min=1),
    metavar="N",
    help="Read the newest N spans of --data together. Default: 1.",
)
set_option = click.option(
    "--set",
    "settings",
    type=SettingType(),
    multiple=True,
    callback=remember_set,
    help="Change a setting; may be given many times. Each is also an option of its own: "
    "--epochs 30. `lianxi list TASK` shows them.",
)
as_json = click.option(
    "--json", "as_json", is_flag=True, help="End with one line of JSON on standard output."
)
