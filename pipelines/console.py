"""What a person watching a run sees: a line for each component, with a live bar for long work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from modules.common.declaring.task import Metric
from modules.common.evaluating.evaluation import Figure, format_value
from modules.common.runtime import progress
from pipelines.observer import Outcome
from pipelines.results import RunResult

_MARKS = {"done": "[green]✓[/]", "cached": "[cyan]=[/]", "failed": "[red]✗[/]"}
_SHOWN_FIGURES = ("loss", "val_loss", "val_accuracy")
_NAME_WIDTH = 24


class RunConsole:
    """Shows a run. Use as a context manager; outside a terminal it writes plain lines."""

    def __init__(self, stream: TextIO) -> None:
        """Makes the console.

        Args:
            stream: Where to write.
        """
        self.console = Console(file=stream, highlight=False, soft_wrap=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._bar: TaskID | None = None
        self._last = ""

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

    def on_start(self, name: str) -> None:
        """Shows that a component begins."""
        self._last = ""
        self._bar = self._progress.add_task(name, total=None, figures="")

    def on_end(self, outcome: Outcome, figure: str) -> None:
        """Shows how a component ended, with one figure."""
        if self._bar is not None:
            self._progress.remove_task(self._bar)
            self._bar = None
        told = " · ".join(part for part in (figure, self._last) if part)
        self.console.print(
            f"{_MARKS[outcome.state]} {outcome.name:<{_NAME_WIDTH}} {outcome.state:<7}"
            f"{outcome.seconds:7.1f} s  {escape(told)}"
        )

    def _on_progress(self, report: progress.Progress) -> None:
        shown = [name for name in _SHOWN_FIGURES if name in report.figures]
        figures = ", ".join(f"{name} {report.figures[name]:.4f}" for name in shown)
        if figures:
            self._last = f"{report.done:,} {report.unit}s, {figures}"
        if self._bar is not None:
            total = f"{report.total:,}" if report.total else "?"
            text = f"{report.unit} {report.done:,}/{total} {figures}"
            self._progress.update(
                self._bar, completed=report.done, total=report.total, figures=text
            )

    def show_result(self, result: RunResult) -> None:
        """Shows the metrics beside their baselines and gates, and where things are."""
        if result.figures:
            declared = {metric.name: metric for metric in result.task.metrics}
            self.console.print(metrics_table(result.figures, declared))
        for name in ("pushed", "quarantine", "evaluation", "report", "tensorboard", "log"):
            skipped = name == "quarantine" and result.counts and not result.counts.unused
            if name in result.paths and not skipped:
                self.console.print(f"{name:<12} {escape(result.paths[name])}")


def metrics_table(figures: Iterable[Figure], metrics: Mapping[str, Metric]) -> Table:
    """Lays out metrics beside their baselines and gates.

    Args:
        figures: What came of the metrics.
        metrics: Their declarations, by name.
    """
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("metric", "value", "baselines", "gate"):
        table.add_column(heading, justify="right" if heading == "value" else "left")
    for figure in figures:
        metric = metrics[figure.name]
        baselines = ", ".join(
            f"{name} {format_value(metric, value)}" for name, value in figure.baselines.items()
        )
        verdict = {True: " [green]passed[/]", False: " [red]not passed[/]", None: ""}
        table.add_row(
            figure.name,
            format_value(metric, figure.value),
            baselines,
            figure.gate + verdict[figure.passed],
        )
    return table
