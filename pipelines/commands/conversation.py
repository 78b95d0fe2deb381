"""A conversation at the prompt: a line is said, a line answers, until the person ends it."""

from __future__ import annotations

import importlib
import itertools
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

import click

from modules.common.asking.asking import Said
from modules.common.declaring.fields import Field
from modules.common.runtime.errors import LianxiError
from pipelines.standard_streams import check_text, read_typed_lines

_PROMPT = "> "
_END = "quit"
_GREETING = f"Say something. {_END} or Ctrl-D ends the conversation."


def say_by_turn(options: Mapping[str, Field], said: Said) -> Iterator[Said]:
    """Gives what is said of each turn: what was said, and, where there is a seed, another one.

    Replies that are drawn would otherwise be the same to the same line. The first turn has the
    seed that was given, or the default, each later one the next number: a whole talk can be had
    again.

    Args:
        options: What a request of the task may say.
        said: What the person said, for the whole talk.
    """
    seed = next((field for field in options.values() if field.kind == "seed"), None)
    if seed is None:
        yield from itertools.repeat(said)
        return
    first = said.get(seed.name, seed.default)
    for number in itertools.count(int(str(first))):
        yield {**said, seed.name: number}


def converse(answer: Callable[[str, Said], str], turns: Iterator[Said], stderr: TextIO) -> int:
    """Answers what is said on standard input, line by line; blank lines are passed over.

    A terminal gets a prompt, a line can be edited there and earlier ones come back, and Ctrl-C
    ends the talk as Ctrl-D and `quit` do. What is no terminal gets the answers alone.

    Args:
        answer: The line and what is said of this turn besides, to the line that answers. It raises
            `LianxiError` for what cannot be answered; the talk goes on.
        turns: What is said besides, turn by turn.
        stderr: For messages to the person.

    Returns:
        How many lines could not be answered; 0 at a terminal, where the person saw it.
    """
    is_terminal = sys.stdin.isatty()
    if is_terminal and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
    failures = 0
    try:
        for line in _read_typed(stderr) if is_terminal else read_typed_lines():
            said = line.strip()
            if said.lower() == _END:
                break
            if not said:
                continue
            besides = next(turns)
            try:
                check_text(said)
                reply = answer(said, besides)
            except LianxiError as error:
                print(f"error: {error}", file=stderr)
                failures += 1
            else:
                click.echo(reply)
    except KeyboardInterrupt:
        if not is_terminal:
            raise
        print(file=stderr)
    return 0 if is_terminal else failures


def _read_typed(stderr: TextIO) -> Iterator[str]:
    """Gives what is typed at a terminal, line by line, until its end."""
    # Editing and history, where Python was built with them.
    try:
        importlib.import_module("readline")
    except ImportError:
        pass
    print(_GREETING, file=stderr)
    # Answers that go into a file should not have prompts among them.
    are_answers_seen = sys.stdout.isatty()
    while True:
        if not are_answers_seen:
            print(_PROMPT, end="", file=stderr, flush=True)
        try:
            yield input(_PROMPT if are_answers_seen else "")
        except EOFError:
            print(file=stderr)
            return
