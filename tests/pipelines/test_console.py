"""What a person sees of a run."""

from __future__ import annotations

import io
import re

import pytest

from modules.common.declaring.metrics import Gain
from modules.common.declaring.registry import load_task
from modules.common.evaluating.figures import Figure
from modules.common.runtime import progress
from pipelines import console as module
from pipelines.console import RunConsole, metrics_table
from pipelines.outcome import Outcome
from pipelines.results import describe

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_FIGURE = "text_accuracy 99.45%, constant 0.55%; gate > constant, >= 95.00%: passed"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def show_one(stream: io.StringIO, figure: str, *reports: progress.Progress) -> str:
    with RunConsole(stream) as console:
        console.on_start("ServingValidator")
        for report in reports:
            progress.report(report)
        outcome = Outcome(
            name="ServingValidator", state="done", seconds=1.5, cpu_seconds=1.5, outputs={}
        )
        console.on_end(outcome, figure)
    return stream.getvalue()


def lines(*reports: progress.Progress) -> str:
    return show_one(io.StringIO(), "9 train", *reports)


def test_what_training_reported_last_stays() -> None:
    report = progress.Progress(done=3, total=9, unit="epoch", figures={"loss": 0.5})
    assert lines(report).rstrip().endswith("9 train · 3 epochs, loss 0.5000")


def test_what_training_was_lengthened_for_stays_too() -> None:
    phase = "for 400 steps (min_steps)"
    report = progress.Progress(done=9, total=9, unit="epoch", phase=phase, figures={"loss": 0.5})
    assert lines(report).rstrip().endswith(f"9 train · 9 epochs, {phase}, loss 0.5000")


def test_one_epoch_is_no_epochs() -> None:
    report = progress.Progress(done=1, total=1, unit="epoch", figures={"loss": 0.5})
    assert lines(report).rstrip().endswith("9 train · 1 epoch, loss 0.5000")


def test_how_many_examples_were_read_is_only_shown_on_the_way() -> None:
    report = progress.Progress(done=1200, total=5000, unit="example")
    assert lines(report).rstrip().endswith("1.5 s  9 train")


def test_a_bar_shows_how_far_reading_is() -> None:
    with RunConsole(io.StringIO()) as console:
        console.on_start("ExampleGen")
        progress.report(
            progress.Progress(done=1200, total=5000, unit="example", phase="f", quarantined=7)
        )
        [bar] = console._progress.tasks
        assert (bar.completed, bar.total) == (1200, 5000)
        assert bar.fields == {"done": "1,200/5,000 examples", "figures": "f, 7 quarantined"}


@pytest.mark.parametrize("total", [5000, None], ids=["with an end", "without"])
def test_the_live_line_fits_into_60_columns(
    monkeypatch: pytest.MonkeyPatch, total: int | None
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    report = progress.Progress(
        done=4321, total=total, unit="record", phase="pass 2/3", figures={"loss": 0.123456}
    )
    with RunConsole(Terminal()) as console:
        console.on_start("ServingValidator")
        progress.report(report)
        with console.console.capture() as captured:
            console.console.print(console._progress.get_renderable())
    shown = re.split(r"[\r\n]", _ESCAPES.sub("", captured.get()))
    live = next(line for line in shown if "4,321" in line)
    assert max(len(line) for line in shown) <= 60
    assert ("4,321/5,000 records" if total else "4,321 records") in live


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_long_figure_is_broken_between_words_and_stays_beside(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = _ESCAPES.sub("", show_one(Terminal(), _FIGURE)).replace("\r", "\n").splitlines()
    written = [line.rstrip() for line in shown if line.strip() and "━" not in line]
    assert all(len(line) <= columns for line in written)
    first = next(place for place, line in enumerate(written) if line.startswith("✓"))
    text = " ".join(line.strip() for line in written[first:])
    assert text.endswith(_FIGURE)
    # What goes on begins below the figure, not below the marks.
    assert all(line.startswith("    ") for line in written[first + 1 :])


def test_a_log_has_a_line_for_each_component(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    shown = show_one(io.StringIO(), _FIGURE)
    assert shown == f"✓ ServingValidator done      1.5 s  {_FIGURE}\n"


def test_a_log_says_now_and_then_how_far_long_work_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LINE_EVERY_S", 0.0)
    report = progress.Progress(done=1.5, total=9, unit="epoch", figures={"loss": 0.5})
    assert "  ServingValidator: 1.5/9 epochs, loss 0.5000\n" in lines(report)


def test_a_terminal_without_colours_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", show_one(Terminal(), _FIGURE))


@pytest.mark.parametrize(
    ("gain", "words", "in_line"),
    [
        (Gain(value=0.0084, standard_error=0.0031), "ahead by 0.84% ± 0.31%", "82.04%;"),
        (Gain(value=0.0024, standard_error=0.0031), "a tie, ahead by 0.24% ± 0.31%", "(a tie);"),
        (Gain(value=-0.0024, standard_error=0.0031), "a tie, behind by 0.24% ± 0.31%", "(a tie);"),
        (Gain(value=0.0, standard_error=0.0), "a tie", "(a tie);"),
        (Gain(value=-0.0084, standard_error=0.0031), "behind by 0.84% ± 0.31%", "82.04%;"),
    ],
)
def test_a_gain_over_a_baseline_in_words(gain: Gain, words: str, in_line: str) -> None:
    metric = next(each for each in load_task("name_gender").metrics if each.name == "accuracy")
    figure = Figure(
        name="accuracy",
        value=0.8288,
        baselines={"bigram_logistic": 0.8204},
        gate="> bigram_logistic",
        passed=True,
        gains={"bigram_logistic": gain},
    )
    console = RunConsole(io.StringIO()).console
    console.width = 200
    with console.capture() as captured:
        console.print(metrics_table([figure], {"accuracy": metric}))
    assert f"bigram_logistic 82.04%: {words} " in captured.get()
    assert in_line in describe(figure, metric)


@pytest.mark.parametrize("columns", [60, 100])
def test_gates_and_verdicts_do_not_run_together(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    task = load_task("captcha_ocr")
    gate = "> constant, >= 95.00%, at most 1.00% below the last blessed model"
    figure = Figure(
        name="text_accuracy", value=0.9945, baselines={"constant": 0.0055}, gate=gate, passed=True
    )
    console = RunConsole(io.StringIO()).console
    with console.capture() as captured:
        console.print(metrics_table([figure], {each.name: each for each in task.metrics}))
    rows = [line.split("│") for line in captured.get().splitlines() if "│" in line]
    gates = [row[3].strip() for row in rows]
    assert gates[:2] == ["> constant", ">= 95.00%"]
    assert " ".join(gates[2:]).strip() == "at most 1.00% below the last blessed model"
    assert [row[4].strip() for row in rows if row[4].strip()] == ["passed"]
