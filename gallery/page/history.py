"""Past runs on the page: a list, the report of each, and two beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

from gallery.page import html
from modules.common.declaring.registry import load_task, task_names
from modules.common.declaring.task import Metric, Task
from modules.common.runtime.errors import LianxiError
from pipelines.commands.printing import word_seconds
from pipelines.commands.runs_view import word_date, word_metrics
from pipelines.environment import Environment
from pipelines.run_history import Comparison, MetricDifference, compare, find_run, list_runs
from pipelines.run_record import RunRecord, read_records

REPORTS = "reports"
_ALL = "all tasks"
_MOST_RUNS = 200
_SAME = {True: "the same", False: "different", None: "not known of both"}
_WAYS = {True: "better", False: "worse", None: "equal"}
_CHANCES = {True: "by more than chance", False: "which may be chance", None: ""}


class Runs:
    """What is in the tab of past runs."""

    def __init__(self, env: Environment) -> None:
        """Takes the environment whose runs are shown."""
        self._env = env

    def build(self, tab: gr.Tab) -> None:
        """Makes the parts, inside Gradio's current block, and what they do.

        Args:
            tab: That block: runs are looked for when it is opened.
        """
        known = [name for name in task_names() if self._env.holds(name)]
        gr.HTML('<div class="heading"><h2>Runs</h2></div>')
        with gr.Row():
            task = gr.Dropdown([_ALL, *known], value=_ALL, label="Task")
            look = gr.Button("Look again", size="sm", elem_classes="again")
        table = gr.HTML(label="Runs")
        with gr.Row():
            first = gr.Dropdown([], label="Compare run", allow_custom_value=True)
            second = gr.Dropdown([], label="With run", allow_custom_value=True)
            button = gr.Button("Compare", variant="primary", elem_classes="again")
        beside = gr.HTML(label="Comparison")
        told: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        for event in (look.click, task.change, tab.select):
            event(self._list, [task], [table, first, second], **told)
        button.click(self._compare, [first, second], [beside], **told)

    def _list(self, task: str) -> tuple[str, Any, Any]:
        held = [name for name in task_names() if self._env.holds(name)]
        names = held if task == _ALL else [task]
        try:
            runs = list_runs(self._env, names, _MOST_RUNS)
        except LianxiError as error:
            return html.alert(str(error)), gr.skip(), gr.skip()
        ids = [run.id for run in runs]
        older = next((run.id for run in runs[1:] if run.task == runs[0].task), None)
        return (
            list_as_table(runs),
            gr.update(choices=ids, value=older),
            gr.update(choices=ids, value=ids[0] if ids else None),
        )

    def _compare(self, first: str | None, second: str | None) -> str:
        if not first or not second:
            return html.alert("choose two runs of one task")
        try:
            found = compare(find_run(self._env, first), find_run(self._env, second))
        except LianxiError as error:
            return html.alert(str(error))
        return show_comparison(found)


def list_as_table(runs: Sequence[RunRecord]) -> str:
    """Shows runs as a table, each with the way to its report.

    Args:
        runs: In the order in which they are shown.
    """
    if not runs:
        return html.note("Nothing was run here yet.")
    rows = [
        [
            link_report(run),
            escape(word_date(run.started_s)),
            f'<span class="state {escape(run.state)}">{escape(run.state)}</span>',
            escape(", ".join(word_metrics(run)) or _say_why(run)),
            # A long path may be broken between folders, so that the other columns stay in sight.
            escape(_word_values(run.changed)).replace("/", "/<wbr>"),
            escape(run.version),
            escape(word_seconds(run.seconds)),
        ]
        for run in runs
    ]
    head = ["run", "begun", "ended", "metrics", "settings that differ", "version", "took"]
    return html.table("Runs, the newest first; each leads to its report", head, rows)


def show_comparison(found: Comparison) -> str:
    """Shows two runs beside each other.

    Args:
        found: The comparison.
    """
    declared = {metric.name: metric for metric in load_task(found.a.task).metrics}
    head = ["", found.a.id, found.b.id]
    settings = [
        [escape(each.name), *(escape("none" if x is None else str(x)) for x in (each.a, each.b))]
        for each in (*found.settings, *found.versions)
    ]
    metrics = [_metric_row(declared.get(each.name), each) for each in found.metrics]
    seconds = [
        [escape(name), *("none" if x is None else escape(word_seconds(x)) for x in pair)]
        for name, pair in found.seconds.items()
    ]
    same = [
        ("data", _SAME[found.same_data]),
        ("code", _SAME[found.same_code]),
        ("schema", _SAME[found.same_schema]),
    ]
    parts = [html.facts(same), html.table("Metrics", [*head, "change", ""], metrics)]
    if settings:
        parts.append(html.table("Settings and packages that differ", head, settings))
    else:
        parts.append(html.note("No setting differs."))
    return "".join([*parts, html.table("Time", head, seconds)])


def find_report(env: Environment, name: str) -> Path | None:
    """Finds the report of a run.

    Args:
        env: Where it was run.
        name: The run's name, such as `name_gender@3`.

    Returns:
        The file; `None` where there is no such run, or it has no report.
    """
    try:
        run = find_run(env, name)
    except LianxiError:
        return None
    path = Path(run.paths.get("report_html", ""))
    return path if path.name and path.is_file() else None


class Measured:
    """Says the main metric of a pushed version beside its baseline; each is read once."""

    def __init__(self, env: Environment) -> None:
        """Takes the environment whose runs pushed the versions."""
        self._env = env
        self._said: dict[tuple[str, str], str] = {}

    def __call__(self, task: Task, version: str) -> str:
        """Says it, such as `accuracy 92.5% (baseline 87.2%)`; nothing where it is not known."""
        key = task.name, version
        if key not in self._said:
            self._said[key] = _say_measured(self._env, task, version) if version else ""
        return self._said[key]


def _say_measured(env: Environment, task: Task, version: str) -> str:
    try:
        runs = [run for run in read_records(env, task) if run.version == version]
    except LianxiError:
        return ""
    found: Mapping[str, Any] = runs[0].metrics if runs else {}
    metric = task.metrics[0]
    measured = found.get(metric.name) or {}
    value, baseline = measured.get("value"), measured.get("baseline")
    if value is None:
        return ""
    beside = "" if baseline is None else f" (baseline {metric.format(baseline)})"
    return f"{metric.name.replace('_', ' ')} {metric.format(value)}{beside}"


def _metric_row(metric: Metric | None, found: MetricDifference) -> list[str]:
    def word(value: float | None, error: float | None = None) -> str:
        if value is None:
            return "not known"
        said = metric.format(value) if metric else f"{value:.4g}"
        if error is None:
            return said
        return f"{said} ± {metric.format(error) if metric else f'{error:.2g}'}"

    verdict = _WAYS[found.is_better] if found.change is not None else ""
    chance = _CHANCES[found.by_more_than_chance] if found.is_better is not None else ""
    words = (
        found.name,
        word(found.a, found.a_error),
        word(found.b, found.b_error),
        "" if found.change is None else word(found.change, found.error),
        ", ".join(filter(None, (verdict, chance))),
    )
    return [escape(each) for each in words]


def link_report(run: RunRecord) -> str:
    """Names a run, as the way to its report where that is there; HTML."""
    named = run.paths.get("report_html", "")
    if not named or not Path(named).is_file():
        return escape(run.id)
    address = f"{REPORTS}/{quote(run.id)}"
    return f'<a href="{address}" target="_blank" rel="noopener">{escape(run.id)}</a>'


def _say_why(run: RunRecord) -> str:
    return run.error.partition("\n")[0] or ", ".join(_say_refused(run))


def _say_refused(run: RunRecord) -> Iterator[str]:
    yield from (f"refused by {name}" for name in run.refused)


def _word_values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
