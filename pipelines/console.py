"""What a person watching a run sees: a line for each component, with a live bar for long work."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.table import Column, Table
from rich.text import Text

from modules.common.declaring.task import Metric
from modules.common.evaluating.figures import Figure
from modules.common.runtime import progress
from pipelines.outcome import Outcome

if TYPE_CHECKING:
    from pipelines.results import RunResult

_MARKS = {"done": "[green]✓[/]", "cached": "[cyan]=[/]", "failed": "[red]✗[/]"}
_SHOWN_FIGURES = ("loss", "val_loss", "val_accuracy")
_NAME_WIDTH = 16
_BAR_WIDTH = 12
# Where the figure of a component stands: mark, name, state, seconds, and the blanks between.
_FIGURE_AT = 2 + _NAME_WIDTH + 1 + 6 + 9 + 2
# Less is no room for a figure, which then has a line of its own.
_LEAST_FIGURE_WIDTH = 40
# Where no bar can be drawn, such as in the log of a build, long work says a line this often.
_LINE_EVERY_S = 30.0
# What is named at the end of a run, with what a person calls it.
_PLACES = {
    "pushed": "pushed",
    "report_html": "report",
    "quarantine": "quarantine",
    "report": "picture",
    "evaluation": "evaluation",
    "tensorboard": "tensorboard",
    "log": "log",
}


class _TimeColumn(ProgressColumn):
    """The time that is left where that can be told, or else the time that has passed."""

    def render(self, task: Task) -> Text:
        left_s = task.time_remaining
        seconds = task.elapsed or 0.0 if left_s is None else left_s
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        words = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
        return Text(words if left_s is None else f"{words} left", style="cyan")


class _FiguresColumn(ProgressColumn):
    """What is said last, and is cut off where the terminal ends; the other columns stay whole."""

    def render(self, task: Task) -> Text:
        return Text(task.fields["figures"], no_wrap=True, overflow="ellipsis")


class RunConsole:
    """Shows a run. Use as a context manager; outside a terminal it writes plain lines."""

    def __init__(self, stream: TextIO) -> None:
        """Makes the console.

        Args:
            stream: Where to write.
        """
        self.console = Console(file=stream, highlight=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=_BAR_WIDTH),
            TextColumn("{task.fields[done]}", table_column=Column(no_wrap=True)),
            _TimeColumn(table_column=Column(no_wrap=True)),
            _FiguresColumn(table_column=Column(ratio=1)),
            console=self.console,
            transient=True,
            expand=True,
            disable=not self._is_live,
        )
        self._bar: TaskID | None = None
        self._name = ""
        self._last = ""
        self.said: dict[str, str] = {}
        self._line_at_s = 0.0

    def __enter__(self) -> RunConsole:
        """Begins the live display."""
        self._subscription = progress.subscribe(self._on_progress)
        self._subscription.__enter__()
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Ends the live display."""
        self._progress.stop()
        self._subscription.__exit__(None, None, None)

    @property
    def _is_live(self) -> bool:
        return self.console.is_terminal and not self.console.is_dumb_terminal

    def on_start(self, name: str) -> None:
        """Shows that a component begins."""
        self._name, self._last = name, ""
        self._line_at_s = time.monotonic() + _LINE_EVERY_S
        self._bar = self._progress.add_task(name, total=None, done="", figures="")

    def on_end(self, outcome: Outcome, figure: str) -> None:
        """Shows how a component ended, with one figure."""
        if self._bar is not None:
            self._progress.remove_task(self._bar)
            self._bar = None
        told = " · ".join(part for part in (figure, self._last) if part)
        self.said[outcome.name] = told
        begin = (
            f"{_MARKS[outcome.state]} {outcome.name:<{_NAME_WIDTH}} {outcome.state:<6}"
            f"{outcome.seconds:7.1f} s"
        )
        if not self.console.is_terminal:
            # Whatever reads a log reads it by lines.
            self.console.print(f"{begin}  {escape(told)}".rstrip(), soft_wrap=True)
        elif self.console.width - _FIGURE_AT >= _LEAST_FIGURE_WIDTH:
            self._print_beside(begin, told)
        else:
            self.console.print(begin)
            if told:
                self._print_beside("  ", told)

    def _print_beside(self, begin: str, told: str) -> None:
        """Prints a text beside the beginning of a line; what does not fit goes on below it."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(begin, escape(told))
        self.console.print(grid)

    def _on_progress(self, report: progress.Progress) -> None:
        shown = [name for name in _SHOWN_FIGURES if name in report.figures]
        figures = ", ".join(f"{name} {report.figures[name]:.4f}" for name in shown)
        if figures:
            done = f"{report.done:,} {_word_unit(report)}"
            self._last = ", ".join(filter(None, (done, report.phase, figures)))
        if report.quarantined:
            figures = ", ".join(filter(None, (f"{report.quarantined:,} quarantined", figures)))
        figures = ", ".join(filter(None, (report.phase, figures)))
        if self._bar is not None:
            self._progress.update(
                self._bar,
                completed=report.done,
                total=report.total,
                done=_word_done(report),
                figures=figures,
            )
        self._print_now_and_then(report, figures)

    def _print_now_and_then(self, report: progress.Progress, figures: str) -> None:
        """Says in a line how far it is, where no bar can."""
        if self._is_live or not self._name or time.monotonic() < self._line_at_s:
            return
        self._line_at_s = time.monotonic() + _LINE_EVERY_S
        said = ", ".join(filter(None, (_word_done(report), figures)))
        self.console.print(f"  {self._name}: {escape(said)}", soft_wrap=True)

    def show_result(self, result: RunResult) -> None:
        """Shows the metrics beside their baselines and gates, and where things are."""
        is_all_used = result.counts is not None and not result.counts.unused
        self.show_end(result.task.metrics, result.figures, result.paths, is_all_used)

    def show_end(
        self,
        metrics: Iterable[Metric],
        figures: Sequence[Figure],
        paths: Mapping[str, str],
        is_all_used: bool,
    ) -> None:
        """Shows what came of a run, in words of which some may be an earlier run's.

        Args:
            metrics: The task's.
            figures: What came of them; none where nothing was measured.
            paths: Where things are, by what they are.
            is_all_used: Whether every record became an example, so that none is quarantined.
        """
        if figures:
            declared = {metric.name: metric for metric in metrics}
            self.console.print(metrics_table(figures, declared))
        for name, words in _PLACES.items():
            if name in paths and not (name == "quarantine" and is_all_used):
                self.console.print(f"{words:<12} {escape(paths[name])}", soft_wrap=True)


def _word_done(report: progress.Progress) -> str:
    """Says how far it is, such as `1,200/5,000 records`."""
    total = f"/{report.total:,}" if report.total else ""
    return f"{report.done:,}{total} {_word_unit(report)}"


def _word_unit(report: progress.Progress) -> str:
    return report.unit if (report.total or report.done) == 1 else f"{report.unit}s"


def metrics_table(figures: Iterable[Figure], metrics: Mapping[str, Metric]) -> Table:
    """Lays out metrics beside their baselines and gates.

    Args:
        figures: What came of the metrics.
        metrics: Their declarations, by name.
    """
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("metric", "value", "baselines", "gate", ""):
        table.add_column(heading, justify="right" if heading == "value" else "left")
    verdicts = {True: "[green]passed[/]", False: "[red]not passed[/]", None: ""}
    for figure in figures:
        metric = metrics[figure.name]
        baselines = [_word_baseline(figure, name, metric) for name in figure.baselines]
        table.add_row(
            figure.name,
            metric.format(figure.value),
            # A line each: what a comma parts runs together once a line is broken.
            "\n".join(baselines),
            "\n".join(figure.gate.split(", ")),
            verdicts[figure.passed],
        )
    return table


def _word_baseline(figure: Figure, name: str, metric: Metric) -> str:
    words = f"{name} {metric.format(figure.baselines[name])}"
    gain = figure.gains.get(name)
    return f"{words}: {metric.format_gain(gain)}" if gain else words
