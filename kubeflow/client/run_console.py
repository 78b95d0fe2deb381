"""Prints what came of a run on KFP, as `lianxi run` prints what comes of one here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.markup import escape

from kubeflow.client.run_log import Log
from kubeflow.client.run_status import RunStatus, error_of
from kubeflow.client.run_steps import Step
from modules.common.declaring.metrics import Metric
from modules.common.declaring.registry import load_task
from modules.common.evaluating.figures import Figure
from modules.common.runtime.errors import LianxiError
from pipelines.console import metrics_table
from pipelines.results import describe

_MARKS = {
    "succeeded": "[green]✓[/]",
    "cached": "[cyan]=[/]",
    "running": "[yellow]…[/]",
    "waiting": "·",
    "failed": "[red]✗[/]",
    "skipped": "-",
}
_NAME_WIDTH = 24
_SHOWN_COUNTS = 3


class StatusConsole:
    """Prints a run's state."""

    def __init__(self, stream: TextIO) -> None:
        """Makes the console.

        Args:
            stream: Where to write.
        """
        self.console = Console(file=stream, highlight=False, soft_wrap=True)

    def show(self, status: RunStatus, link: str) -> None:
        """Prints all of it.

        Args:
            status: The run.
            link: Address of its page.
        """
        self.show_head(status, link)
        for step in status.steps:
            self.show_step(status, step)
        self.show_result(status, link)

    def show_head(self, status: RunStatus, link: str) -> None:
        """Prints which run it is, its state and its times."""
        times = f", asked for at {status.created:%Y-%m-%d %H:%M:%S} UTC" if status.created else ""
        if status.finished and status.seconds is not None:
            times += f", took {status.seconds:,.0f} s"
        elif status.seconds is not None and not status.is_over:
            times += f", {status.seconds:,.0f} s ago"
        told = f"{status.task}: {status.state.lower()}{times}"
        self.console.print(escape(told))
        self.console.print(f"run {status.run_id}  {escape(link)}")

    def show_step(self, status: RunStatus, step: Step) -> None:
        """Prints one step."""
        took = "" if step.seconds is None or step.state == "cached" else f"{step.seconds:.1f} s"
        self.console.print(
            f"{_MARKS[step.state]} {step.name:<{_NAME_WIDTH}} {step.state:<9}{took:>10}  "
            f"{escape(_told(status, step))}".rstrip()
        )

    def show_result(self, status: RunStatus, link: str) -> None:
        """Prints the metrics, whether the model was pushed, and what failed."""
        figures = _figures(status)
        if figures:
            self.console.print(metrics_table(figures, _declared(status.task, figures)))
        self.console.print(escape(_verdict(status)))
        for step in status.steps:
            if step.state == "failed":
                self._show_failure(status, step, link)
        if status.error and not any(step.state == "failed" for step in status.steps):
            self.console.print(escape(f"the run failed: {status.error}"))
        self._show_gone(status)

    def _show_failure(self, status: RunStatus, step: Step, link: str) -> None:
        log = status.logs.get(step.name, Log())
        reason = error_of(step, log)
        self.console.print(escape(f"{step.name} failed: {reason}"))
        if step.message and step.message != reason:
            self.console.print(escape(f"  Kubernetes says: {step.message}"))
        if not log.is_gone:
            command = f"kubectl logs -n {status.namespace} {log.pod} -c main"
            self.console.print(f"  its log: {escape(command)}, or on {escape(link)}")

    def _show_gone(self, status: RunStatus) -> None:
        gone = [step.name for step in status.without_log]
        if gone:
            self.console.print(
                escape(
                    f"no log is left of {', '.join(gone)}: pods are removed some time after they "
                    "end. On the run's page the step Evaluator has its metrics, and, from KFP 2.5 "
                    "on, each step its log as the output executor-logs"
                )
            )


def _told(status: RunStatus, step: Step) -> str:
    """Gives one figure about a step."""
    log = status.logs.get(step.name, Log())
    tries = [f"try {step.tries}"] if step.tries > 1 else []
    if step.state == "failed":
        return ", ".join([*tries, "see below"])
    if step.state == "waiting":
        return step.message
    if step.state == "running":
        return ", ".join([*tries, log.progress or step.message]).strip(", ")
    return ", ".join([*tries, _figure(status, step, log)]).strip(", ")


def _figure(status: RunStatus, step: Step, log: Log) -> str:
    report = log.report
    if report.get("pushed_version"):
        return f"pushed version {report['pushed_version']}"
    if report.get("metrics"):
        figures = _figures(status)
        gated = [each for each in figures if each.gate] or figures
        return _in_words(status.task, gated[0]) if gated else ""
    if "pushed_version" in report or (step.name == "Pusher" and report):
        return "not pushed"
    counts = {
        name: value
        for name, value in (report.get("counts") or {}).items()
        # What is 0 or 1 is said in words, and JSON has nothing for what is no number.
        if name not in ("blessed", "pushed") and value is not None
    }
    told = [
        f"{name.replace('_', ' ')} {_number(value)}"
        for name, value in list(counts.items())[:_SHOWN_COUNTS]
    ]
    if "blessed" in report:
        told.insert(0, "blessed" if report["blessed"] else "not blessed")
    return ", ".join(told) or log.progress


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:.4g}"


def _in_words(task: str, figure: Figure) -> str:
    words = describe(figure, _declared(task, [figure])[figure.name])
    return f"{words}; gate {figure.gate}" if figure.gate and figure.passed is None else words


def _figures(status: RunStatus) -> list[Figure]:
    return [
        Figure(
            name=name,
            value=metric.value,
            baselines=metric.baselines,
            gate=metric.gate,
            passed=metric.passed,
        )
        for name, metric in status.metrics.items()
    ]


def _declared(task: str, figures: Iterable[Figure]) -> dict[str, Metric]:
    """Gives declarations of metrics; plain ones for those that the code here does not know."""
    try:
        metrics = load_task(task).metrics
    except LianxiError:
        metrics = ()
    plain = {figure.name: Metric(name=figure.name, doc="") for figure in figures}
    return plain | {metric.name: metric for metric in metrics}


def _verdict(status: RunStatus) -> str:
    if status.pushed:
        return f"pushed: version {status.pushed}"
    if status.refused:
        return f"not pushed: {', '.join(status.refused)} did not let the model through"
    if not status.is_over:
        return "not pushed yet"
    states = {step.name: step.state for step in status.steps}
    if states.get("Pusher") == "succeeded" and not status.report("Pusher"):
        return "Pusher ended well, and its log, which says what it pushed, is gone"
    return "nothing was pushed"
