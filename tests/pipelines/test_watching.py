"""When a watch trains: on what is new and complete, once, whatever came of it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from smoke import LIANXI

from modules.common.reading.spans import Span, find_spans
from modules.common.runtime.errors import DataError, WrongUsage
from pipelines.commands import run
from pipelines.commands.watch_options import Duration, _without_watching
from pipelines.environment import environment
from pipelines.locks import watching
from pipelines.watching import Rule, look, watch


class Stop(Exception):
    """Ends a watch, as a signal ends its process."""


def write(path: Path, text: str = "name,gender\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def watch_while(rule: Rule, steps: Iterator[object], codes: tuple[int, ...] = (0,)) -> list[str]:
    """Watches, goes on with the steps whenever it waits, and gives the spans that were run."""
    ran: list[str] = []

    def run(span: Span) -> int:
        ran.append(span.label)
        return codes[(len(ran) - 1) % len(codes)]

    def say(text: str) -> None:
        if text.startswith("waiting") and next(steps, Stop) is Stop:
            raise Stop

    with pytest.raises(Stop):
        watch(rule, run, lambda: False, say)
    return ran


def test_each_new_span_is_run_once_and_failures_are_not_repeated(tmp_path: Path) -> None:
    rule = Rule(data=f"{tmp_path}/{{SPAN}}/{{VERSION}}", every_s=0.01, settle_s=0)

    def steps() -> Iterator[object]:
        yield write(tmp_path / "1/1/a.csv")
        time.sleep(0.1)
        yield write(tmp_path / "2/1/a.csv")
        yield write(tmp_path / "2/2/a.csv")
        yield write(tmp_path / "2/2/a.csv", "name,gender\n王婷,女\n")

    ran = watch_while(rule, steps(), codes=(1, 3, 0))
    assert ran == ["1, version 1", "2, version 1", "2, version 2", "2, version 2"]


def test_a_span_that_is_no_number_is_said_and_does_not_end_it(tmp_path: Path) -> None:
    rule = Rule(data=f"{tmp_path}/{{SPAN}}", every_s=0.01, settle_s=0)

    def steps() -> Iterator[object]:
        yield write(tmp_path / "new/a.csv")
        (tmp_path / "new").rename(tmp_path / "7")
        yield None

    assert watch_while(rule, steps()) == ["7"]


def test_a_span_is_complete_once_its_files_rest(tmp_path: Path) -> None:
    rule = Rule(data=f"{tmp_path}/{{SPAN}}", settle_s=5)
    write(tmp_path / "1/a.csv")
    os.utime(tmp_path / "1/a.csv", (0, 0))
    assert 4 < look(rule).wait_s <= 5
    assert look(Rule(data=rule.data, settle_s=0)).wait_s == 0
    before = look(rule).state
    write(tmp_path / "1/deep/b.csv")
    assert look(rule).state != before


def test_or_once_it_is_marked(tmp_path: Path) -> None:
    rule = Rule(data=f"{tmp_path}/{{SPAN}}", settle_s=1000, marker="_SUCCESS")
    for span in ("1", "2"):
        write(tmp_path / span / "a.csv")
    with pytest.raises(DataError, match="none of 1, 2 holds _SUCCESS"):
        look(rule)
    write(tmp_path / "1/_SUCCESS", "")
    seen = look(rule)
    assert (seen.words, seen.wait_s) == ("span 1", 0)


def test_placeholders_that_are_wrong_end_it(tmp_path: Path) -> None:
    rule = Rule(data=f"{tmp_path}/{{SPAN}}/{{YYYY}}")
    with pytest.raises(WrongUsage, match="both"):
        watch(rule, lambda span: 0, lambda: False, print)


def test_a_span_may_be_named(tmp_path: Path) -> None:
    for path in ("1/1", "2/1", "2/2", "3/1"):
        write(tmp_path / path / "a.csv")
    data = f"{tmp_path}/{{SPAN}}/{{VERSION}}"
    assert [span.label for span in find_spans(data, "2")] == ["1, version 1", "2, version 2"]
    assert find_spans(data, "2:1")[-1].path == str(tmp_path / "2/1")
    for wrong in ("4", "2:7", "x", ""):
        if wrong:
            with pytest.raises(DataError, match=f"no span {wrong}; there are 1, version 1;"):
                find_spans(data, wrong)


def test_runs_get_the_command_without_the_watch() -> None:
    words = ["run", "x", "--watch", "--every", "5m", "--data", "d", "--settle=1s", "--spans", "3"]
    assert _without_watching(words) == ["run", "x", "--data", "d", "--spans", "3"]


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("30s", 30), ("1.5m", 90), ("2h", 7200)])
def test_durations(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--watch --span 2", "leave --span out"),
        ("--watch --every 0", "expected 1s or more"),
        ("--settle 5s", "--settle goes with --watch"),
        ("--marker done", "--marker goes with --watch"),
    ],
)
def test_options_that_would_not_be_heeded_are_refused(words: str, said: str) -> None:
    result = CliRunner().invoke(run.command, ["name_gender", "--data", "{SPAN}", *words.split()])
    assert (result.exit_code, said in result.output) == (2, True), result.output


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts watches of names in days, and ends them."""
    processes: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        command = [LIANXI, "run", "name_gender", "--watch", "--every", "1s", "--settle", "1s"]
        command += ["--data", f"{tmp_path}/days/{{SPAN}}", "--root", str(tmp_path / "root"), *words]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_ctrl_c_ends_it_at_once_and_only_one_watches(
    started: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = started()
    assert process.stdout and process.stderr
    assert "waiting: nothing matches" in process.stdout.readline()
    refused = started()
    assert refused.wait(60) == 1
    assert refused.stderr and "another process watches for data" in refused.stderr.read()
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert time.monotonic() - begun < 15
    assert "stopped (Ctrl-C) during the watch" in process.stderr.read()
    with watching(environment("local", str(tmp_path / "root")), "name_gender"):
        pass


@pytest.mark.e2e
def test_what_fails_is_tried_once_and_the_next_span_after_it(
    started: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    write(tmp_path / "days/1/names.csv", "name,gender\n王婷,女\n李雷,\n")
    process = started("--json", "--env", "smoke")
    assert process.stdout and process.stderr
    threading.Timer(500, process.kill).start()
    first = process.stdout.readline()
    assert '"spans": ["1"]' in first and '"pushed": null' in first
    write(tmp_path / "days/2/names.csv", "name,gender\n王婷,女\n李雷,\n韩梅,\n")
    second = process.stdout.readline()
    assert '"spans": ["2"]' in second
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    assert said.count("span 1: training") == said.count("span 2: training") == 1
    assert "span 1: failed" in said
