"""A conversation: by pipes through `lianxi predict`, and at a terminal of its own."""

from __future__ import annotations

import codecs
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

from modules.common.asking.asking import Answer, Asker, Asking, Request, Said
from modules.common.declaring.fields import Field, Serving
from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import DataError, LianxiError
from pipelines.commands import predict
from pipelines.commands.conversation import say_by_turn

_WAIT_S = 20.0
_MAX_CHARS = 12


def read(text: str, said: Said) -> Request:
    if len(text) > _MAX_CHARS:
        raise DataError(f"expected at most {_MAX_CHARS} characters, found {len(text)}")
    return {"text": [text], "seed": [said.get("seed", 0)], "mood": [said.get("mood", "calm")]}


def show(request: Request, answer: Answer, out: Path | None, said: Said) -> str:
    return f"{answer['reply'][0]}\t{request['seed'][0]}"


_SEED = Field(name="seed", dtype="int64", kind="seed", default=0, doc="of what is drawn")
_MOOD = Field(name="mood", dtype="string", default="calm", doc="how it answers")
_SERVING = Serving(
    inputs=(Field(name="text", dtype="string", doc="what is said"), _SEED, _MOOD),
    outputs=(Field(name="reply", dtype="string"),),
    example={"text": ["a"]},
    converses=True,
)


class Echo:
    """In place of a client: says what it was asked."""

    def predict(self, model: str, request: Mapping[str, list], **others: Any) -> dict[str, Any]:
        [text], [seed], [mood] = (request[name] for name in ("text", "seed", "mood"))
        return {"reply": np.array([f"{text}? {seed} {mood}"], object)}


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Runs `lianxi predict` with a module that converses and a model that echoes."""

    @contextmanager
    def client(*ignored: Any) -> Iterator[tuple[Echo, Any]]:
        yield Echo(), click.get_text_stream("stderr")

    talking = replace(load_task("name_gender"), serving=_SERVING)
    asking = Asking(read=read, show=show)
    monkeypatch.setattr(predict, "asker_of", lambda task: Asker(talking, asking))
    monkeypatch.setattr("pipelines.commands.options.load_task", lambda name: talking)
    monkeypatch.setattr(predict, "connect", client)

    def run(*arguments: str, said: str | bytes = "") -> Result:
        words = ["name_gender", *arguments, "--root", str(tmp_path)]
        return CliRunner().invoke(predict.command, words, input=said)

    return run


def test_each_line_is_answered_by_a_line_and_nothing_else(talk: Any) -> None:
    result = talk(said="你好\n\n  \n在吗\r\n再见")
    assert result.stdout.splitlines() == ["你好? 0 calm", "在吗? 1 calm", "再见? 2 calm"]
    assert (result.stderr, result.exit_code) == ("", 0)


@pytest.mark.parametrize("end", ["quit", " QUIT "])
def test_quit_ends_it(talk: Any, end: str) -> None:
    assert talk(said=f"a\n{end}\nb\n").stdout.splitlines() == ["a? 0 calm"]


def test_nothing_said_is_no_mistake(talk: Any) -> None:
    result = talk(said="")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "", 0)


def test_settings_hold_for_the_whole_talk_and_the_seed_goes_on(talk: Any) -> None:
    result = talk("--mood", "merry", "--seed=7", said="a\nb\n")
    assert result.stdout.splitlines() == ["a? 7 merry", "b? 8 merry"]


def test_answers_as_json(talk: Any) -> None:
    result = talk("--json", said="a\nb\n")
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert answers == [{"reply": ["a? 0 calm"]}, {"reply": ["b? 1 calm"]}]


def test_a_line_that_cannot_be_answered_does_not_end_the_talk(talk: Any) -> None:
    result = talk(said=b"a\n" + b"b" * 10_000 + b"\n\xff\xfe\nc\n")
    assert result.stdout.splitlines() == ["a? 0 calm", "c? 3 calm"]
    assert result.stderr.splitlines() == [
        "error: expected at most 12 characters, found 10000",
        "error: expected text in UTF-8, found bytes that are none",
    ]
    assert result.exit_code == 1


def test_what_is_given_is_answered_as_ever(talk: Any) -> None:
    result = talk("你好", "-", "--seed", "3", said="quit\n")
    assert result.stdout.splitlines() == ["你好? 3 calm\t3", "quit? 3 calm\t3"]


def test_a_long_input_is_named_by_its_beginning(talk: Any) -> None:
    result = talk("b" * 10_000)
    assert result.stderr == f"error: {'b' * 200}…: expected at most 12 characters, found 10000\n"


def test_a_seed_that_is_no_number_is_said_before_anything_else(talk: Any) -> None:
    error = talk("--seed", "x", said="a\n").exception
    assert isinstance(error, LianxiError)
    assert str(error) == "seed: expected a whole number, found 'x'"


def test_a_task_that_draws_nothing_has_no_seed() -> None:
    turns = say_by_turn({"mood": _MOOD}, {"mood": "merry"})
    assert [next(turns), next(turns)] == [{"mood": "merry"}] * 2


def _as_at_a_terminal() -> None:
    # Ctrl-C reaches those whose terminal it is, and who were not started in the background.
    os.close(os.open(os.ttyname(0), os.O_RDWR))
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A process that converses at a terminal, and what is on its screen."""

    def __init__(self, *, stdout: Any = None) -> None:
        self._master, slave = pty.openpty()
        code = (
            "import sys, time; from pipelines.commands.conversation import converse\n"
            "def answer(said, settings):\n"
            "    print('thinking', file=sys.stderr, flush=True)\n"
            # A signal that comes just before one long sleep would wait for its end.
            "    for _ in range(6000 if said == 'sleep' else 0): time.sleep(0.01)\n"
            "    return f'<{said}>'\n"
            "sys.exit(converse(answer, iter(lambda: {}, None), sys.stderr))"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=slave,
            stdout=stdout or slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"},
            preexec_fn=_as_at_a_terminal,
        )
        os.close(slave)
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self.screen = ""

    def type(self, keys: str, until: str) -> None:
        """Types, and waits until something more is on the screen."""
        seen = len(self.screen)
        os.write(self._master, keys.encode())
        self.wait_for(until, seen)

    def wait_for(self, text: str, seen: int = 0) -> None:
        end_s = time.monotonic() + _WAIT_S
        while text not in self.screen[seen:]:
            ready, _, _ = select.select([self._master], [], [], end_s - time.monotonic())
            assert ready, f"{text!r} does not come: {self.screen!r}"
            self.screen += self._decode(os.read(self._master, 4096))

    def end(self, keys: str) -> int:
        """Types once the prompt is there, and gives the exit code."""
        self.wait_for("> ", self.screen.rfind("\n") + 1)
        # A key that comes between the prompt and the wait for keys is lost, to Python's readline.
        for _ in range(int(_WAIT_S)):
            os.write(self._master, keys.encode())
            try:
                return self.process.wait(1)
            except subprocess.TimeoutExpired:
                continue
        raise AssertionError(f"{keys!r} does not end it")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    try:
        opened.wait_for("> ")
        yield opened
    finally:
        opened.close()


def test_a_terminal_is_told_how_to_end_and_prompted(terminal: Terminal) -> None:
    first, prompt = terminal.screen.splitlines()
    assert first == "Say something. quit or Ctrl-D ends the conversation."
    assert prompt.endswith("> ")
    terminal.type("你好\n", until="<你好>\r\n")
    assert terminal.end("quit\n") == 0


def test_a_line_can_be_edited_and_comes_back(terminal: Terminal) -> None:
    pytest.importorskip("readline")
    terminal.type("abd\x7fc\n", until="<abc>")
    up, home = "\x1b[A", "\x01"
    terminal.type(f"{up}{home}x\n", until="<xabc>")
    assert terminal.end("\x04") == 0


@pytest.mark.parametrize("keys", ["\x04", "\x03"], ids=["ctrl_d", "ctrl_c"])
def test_a_key_ends_it_cleanly(terminal: Terminal, keys: str) -> None:
    assert terminal.end(keys) == 0


def test_ctrl_c_ends_it_while_an_answer_is_made(terminal: Terminal) -> None:
    terminal.type("sleep\n", until="thinking")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(_WAIT_S) == 0


def test_answers_that_go_into_a_file_have_no_prompts_among_them(tmp_path: Path) -> None:
    with (tmp_path / "answers").open("w") as file:
        terminal = Terminal(stdout=file)
        try:
            terminal.wait_for("> ")
            terminal.type("a\n", until="> ")
            assert terminal.end("quit\n") == 0
        finally:
            terminal.close()
    assert (tmp_path / "answers").read_text() == "<a>\n"
