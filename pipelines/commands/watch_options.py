"""`lianxi run --watch`: its options, and the process that each run is."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import click
from click.core import ParameterSource

from modules.common.declaring.task import Task
from modules.common.reading.spans import PLACEHOLDERS, Span, find_fixed_part
from modules.common.runtime.errors import WrongUsage
from pipelines import stopping
from pipelines.environment import Environment
from pipelines.locks import watching
from pipelines.recorded_runs import is_under_way
from pipelines.standard_streams import json_line
from pipelines.watching import Rule, watch

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_OWN = ("--every", "--settle", "--marker")


class Duration(click.ParamType):
    """Seconds, written as `30`, `30s`, `5m` or `1h`."""

    name = "duration"

    def __init__(self, at_least_s: float = 0.0) -> None:
        """Says what is too short.

        Args:
            at_least_s: The shortest that is taken.
        """
        self._at_least_s = at_least_s

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Reads a duration."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", str(value).strip())
        if not found:
            self.fail(f"expected a duration such as 30s, 5m or 1h, found {value!r}", param, ctx)
        seconds = float(found[1]) * _SECONDS[found[2]]
        if seconds < self._at_least_s:
            self.fail(f"expected {self._at_least_s:g}s or more, found {value!r}", param, ctx)
        return seconds


def watch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--watch` and what goes with it to a command."""
    options = (
        click.option(
            "--span",
            metavar="N[:VERSION]",
            help="Read this span of --data, a number or a date, in place of the newest; with "
            "--spans, those up to it.",
        ),
        click.option(
            "--watch",
            "is_watched",
            is_flag=True,
            help="Go on, and train whenever a new span or version of --data is there, until "
            "Ctrl-C.",
        ),
        click.option(
            "--every",
            "every_s",
            type=Duration(at_least_s=1),
            default=Rule.every_s,
            show_default=f"{Rule.every_s:g}s",
            help="With --watch: how often it looks.",
        ),
        click.option(
            "--settle",
            "settle_s",
            type=Duration(),
            default=Rule.settle_s,
            show_default=f"{Rule.settle_s:g}s",
            help="With --watch: a span is complete once no file of it has changed for so long.",
        ),
        click.option(
            "--marker",
            default=Rule.marker,
            metavar="NAME",
            help="With --watch: a span is complete once its folder holds a file of this name, such "
            "as _SUCCESS, and not before.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def check_watch(context: click.Context, is_watched: bool) -> None:
    """Checks that options of a watch are given to one, and no others that it would not heed.

    Args:
        context: Of the command.
        is_watched: Whether it watches.

    Raises:
        UsageError: If not.
    """
    names = ("span",) if is_watched else ("every_s", "settle_s", "marker")
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = f"--{name.removesuffix('_s')}"
            raise click.UsageError(
                f"--watch trains on each new span; leave {option} out"
                if is_watched
                else f"{option} goes with --watch"
            )


def watch_spans(task: Task, env: Environment, rule: Rule, as_json: bool) -> None:
    """Watches until the process is ended.

    Args:
        task: The declaration.
        env: Where it runs.
        rule: What is watched.
        as_json: Whether standard output is for a line of JSON a run.

    Raises:
        WrongUsage: If `--data` has no placeholders.
        LianxiError: If another process watches for the same task and root.
    """
    if not rule.data or not find_fixed_part(rule.data):
        raise WrongUsage(
            f"--watch waits for spans of --data, which has to have {PLACEHOLDERS} in it, such as "
            f"--data 'days/{{SPAN}}'; found {rule.data or 'no --data'}"
        )
    stream = sys.stderr if as_json else sys.stdout

    def say(text: str) -> None:
        print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}", file=stream, flush=True)

    with watching(env, task.name):
        stopping.note_kept(f"What was trained on before is kept in {env.root}.")
        stopping.doing("the watch")
        watch(
            rule,
            run=lambda span: _run(task, span, as_json),
            is_busy=lambda: is_under_way(env, task.name),
            say=say,
        )


def _run(task: Task, span: Span, as_json: bool) -> int:
    """Runs this very command for one span, without what makes it watch."""
    chosen = span.name if span.version is None else f"{span.name}:{span.version}"
    command = [sys.executable, sys.argv[0], *_without_watching(sys.argv[1:]), "--span", chosen]
    if not as_json:
        return subprocess.run(command, check=False).returncode
    ended = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    lines = ended.stdout.splitlines()
    if lines:
        print(lines[-1])
    else:
        told = {"task": task.name, "pushed": None, "spans": [span.label], "components": []}
        print(json_line(told | {"exit_code": ended.returncode}))
    sys.stdout.flush()
    return ended.returncode


def _without_watching(words: Sequence[str]) -> list[str]:
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in _OWN:
            next(rest, None)
        elif word != "--watch" and not word.startswith(tuple(f"{name}=" for name in _OWN)):
            kept.append(word)
    return kept
