"""How runs are shown in a terminal: a list of them, one, and two beside each other."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping, Sequence
from typing import Any

from modules.common.declaring.metrics import Gain
from modules.common.declaring.registry import load_task
from modules.common.declaring.task import Metric
from pipelines.commands.printing import Printer, word_seconds
from pipelines.run_history import Comparison, Difference, MetricDifference
from pipelines.run_record import RunRecord, word_drift

_LABEL_WIDTH = 13
_SAME = {True: "the same", False: "different", None: "not known of both"}


def show_list(runs: Sequence[RunRecord]) -> None:
    """Shows runs, two or three lines each.

    Args:
        runs: In the order in which they are shown.
    """
    printer = Printer()
    width = max(len(run.id) for run in runs)
    for run in runs:
        begin = f"{run.id:<{width}}  {word_date(run.started_s)}  {word_seconds(run.seconds):>10}  "
        printer.state_line(begin, run.state)
        for text in _say_briefly(run):
            printer.line(text, indent=2)


def _say_briefly(run: RunRecord) -> list[str]:
    """Gives what is said of a run below its first line."""
    said = []
    if run.metrics:
        said.append(", ".join(word_metrics(run)))
    if run.version:
        said.append(f"version {run.version}")
    if run.refused:
        said.append(f"refused by {', '.join(run.refused)}")
    if run.error:
        said.append(run.error.partition("\n")[0])
    if run.changed:
        said.append(f"with {_word_values(run.changed)}")
    if run.spans:
        said.append(f"on {_word_spans(run.spans)}")
    return said


def _word_spans(spans: Sequence[str]) -> str:
    return f"span{'s' * (len(spans) > 1)} {'; '.join(spans)}"


def word_metrics(run: RunRecord) -> list[str]:
    """Says each metric of a run with its standard error, such as `accuracy 92.55% ± 0.93%`.

    Args:
        run: The run.
    """
    declared = _declared(run.task)
    return [
        f"{name} {_word_value(declared.get(name), each.get('value'))}"
        + _word_error(declared.get(name), each.get("standard_error"))
        for name, each in run.metrics.items()
    ]


def show_run(run: RunRecord) -> None:
    """Shows all that is known of a run.

    Args:
        run: The run.
    """
    printer = Printer()
    version = f", version {run.version}" if run.version else ""
    printer.state_line(f"{run.id}: ", run.state, version)

    def row(label: str, text: str) -> None:
        if text:
            printer.line(text, indent=_LABEL_WIDTH, begin=label)

    row("refused by", ", ".join(run.refused))
    row("error", run.error)
    row("began", f"{word_date(run.started_s)}, took {word_seconds(run.seconds)}")
    row("command", shlex.join(run.command))
    row("data", run.data)
    row("spans", "; ".join(run.spans))
    row("drift", word_drift(run.drift))
    row("records", _word_counts(run.counts))
    row("changed", _word_values(run.changed))
    others = {name: value for name, value in run.settings.items() if name not in run.changed}
    row("as usual", _word_values(others))
    declared = _declared(run.task)
    for name, metric in run.metrics.items():
        for number, text in enumerate(_say_metric(declared.get(name), metric)):
            row("" if number else name, text)
    for component in run.components:
        said = f": {component.said}" if component.said else ""
        took = f" {word_seconds(component.seconds)}" if component.seconds else ""
        printer.line(f"{component.state}{took}{said}", indent=18, begin=component.name)
    row("data digest", run.data_digest)
    row("code digest", run.code_digest)
    row("schema", run.schema_digest)
    row("git commit", run.git_commit)
    row("versions", ", ".join(f"{name} {version}" for name, version in run.versions.items()))
    for name, path in run.paths.items():
        row(name, path)
    row("TFX's id", run.run_id)


def show_comparison(found: Comparison) -> None:
    """Shows two runs beside each other.

    Args:
        found: What was found.
    """
    printer = Printer()
    for name, run in (("A", found.a), ("B", found.b)):
        printer.state_line(f"{name}  {run.id}  {word_date(run.started_s)}  ", run.state)
    _show_differences(printer, "settings", found.settings)
    declared = _declared(found.a.task)
    printer.line("metrics, with standard errors, from A to B")
    for metric in found.metrics:
        for text in _say_change(declared.get(metric.name), metric):
            printer.line(text, indent=4)
    printer.line(_SAME[found.same_data], indent=_LABEL_WIDTH, begin="data")
    if found.a.spans or found.b.spans:
        a, b = (_word_spans(run.spans) if run.spans else "no span" for run in (found.a, found.b))
        printer.line(f"{a} → {b}", indent=_LABEL_WIDTH, begin="spans")
    printer.line(_SAME[found.same_code], indent=_LABEL_WIDTH, begin="code")
    printer.line(_SAME[found.same_schema], indent=_LABEL_WIDTH, begin="schema")
    if found.versions:
        _show_differences(printer, "versions", found.versions)
    printer.line("seconds, A and B")
    states = [{each.name: each.state for each in run.components} for run in (found.a, found.b)]
    for name, pair in found.seconds.items():
        a, b = (
            "-" if seconds is None else f"{seconds:,.1f}{' cached' * (known[name] == 'cached')}"
            for seconds, known in zip(pair, states, strict=True)
        )
        printer.line(f"{name:<18}{a:>14}{b:>16}", indent=4)
    printer.line(f"{'in all':<18}{found.a.seconds:>14,.1f}{found.b.seconds:>16,.1f}", indent=4)


def _show_differences(printer: Printer, what: str, differences: Sequence[Difference]) -> None:
    printer.line(f"{what} that differ" if differences else f"{what}: none differs")
    for each in differences:
        a, b = ("none" if value is None else str(value) for value in (each.a, each.b))
        printer.line(f"{each.name}: {a} → {b}", indent=4)


def _say_change(metric: Metric | None, found: MetricDifference) -> list[str]:
    a, b = (
        _word_value(metric, value) + _word_error(metric, error)
        for value, error in ((found.a, found.a_error), (found.b, found.b_error))
    )
    first = f"{found.name}: {a} → {b}"
    if found.change is None:
        return [first]
    sign = "+" if found.change >= 0 else "-"
    change = f"{sign}{_word_value(metric, abs(found.change))}" + _word_error(metric, found.error)
    way = {True: "better", False: "worse", None: "equal"}[found.is_better]
    chance = {
        True: ", by more than chance",
        False: ", which may be chance",
        None: "; whether by chance is not known",
    }[found.by_more_than_chance]
    return [first, f"  {change}: {way}{chance if found.is_better is not None else ''}"]


def _say_metric(metric: Metric | None, found: Mapping[str, Any]) -> list[str]:
    """Says a metric with its baselines and its gate, a line each."""
    value = _word_value(metric, found.get("value"))
    error = found.get("standard_error")
    lines = [value + (f", standard error {_word_value(metric, error)}" if error else "")]
    baselines = found.get("baselines") or {}
    if baselines:
        words = (f"{name} {_word_value(metric, each)}" for name, each in baselines.items())
        lines.append(f"baselines: {', '.join(words)}")
        for name, gain in (found.get("gains") or {}).items():
            if metric and None not in (gain["value"], gain["standard_error"]):
                known = Gain(value=gain["value"], standard_error=gain["standard_error"])
                lines.append(f"beside {name}: {metric.format_gain(known)}")
    if found.get("gate"):
        verdict = "passed" if found.get("passed") else "not passed"
        lines.append(f"gate: {found['gate']}: {verdict}")
    return lines


def word_date(seconds: float) -> str:
    """Gives the day and the minute, in local time."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def _declared(task_name: str) -> dict[str, Metric]:
    return {metric.name: metric for metric in load_task(task_name).metrics}


def _word_value(metric: Metric | None, value: float | None) -> str:
    if value is None:
        return "not a number"
    return metric.format(value) if metric else f"{value:.4g}"


def _word_error(metric: Metric | None, error: float | None) -> str:
    if error is None:
        return ""
    return f" ± {error:.2%}" if metric and metric.percent else f" ± {error:.2g}"


def _word_values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in values.items())


def _word_counts(counts: Mapping[str, Any]) -> str:
    words = []
    for name, count in counts.items():
        if isinstance(count, int):
            words.append(f"{count:,} {name.replace('_', ' ')}")
        elif count:
            words.append(f"{sum(count.values()):,} {name.replace('_', ' ')}")
    return ", ".join(words)
