"""Writes the report of a run: one HTML file without outside parts."""

from __future__ import annotations

import datetime
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gallery.report import asked, course, learning, measures, usage
from gallery.report.course import Graph
from gallery.report.lineage import Lineage, read_lineage
from gallery.report.media import Media
from modules.common.declaring.task import Metric, Task
from pipelines.commands.printing import word_seconds
from pipelines.environment import Environment
from pipelines.run_record import CHECKED, FAILED, PUSHED, REFUSED, RunRecord

_LOG = logging.getLogger(__name__)
_SERVED = "Format-Serving"
_CONTENTS = {
    "measures": "Metrics",
    "held_out": "Held-out examples",
    "course": "The run",
    "wanted": "What was asked",
    "data": "Data",
    "learning": "Learning",
    "usage": "Serving",
}
_MARKS = {PUSHED: "✓", CHECKED: "✓", REFUSED: "✕", FAILED: "✕"}


@dataclass(frozen=True, kw_only=True)
class Head:
    """What stands at the top.

    Attributes:
        verdict: How the run ended, in words.
        mark: A sign for it.
        advice: What to do, or nothing.
        date: When it began.
        duration: How long it took.
        numbers: The figures that people look for first.
    """

    verdict: str
    mark: str
    advice: str
    date: str
    duration: str
    numbers: list[tuple[str, str]] = field(default_factory=list)


def write_report(
    record: RunRecord,
    env: Environment,
    task: Task,
    *,
    graph: Graph | None = None,
    advice: str = "",
) -> Path:
    """Writes the report of a run that has ended, whichever way.

    A section that cannot be made costs that section: the report says so.

    Args:
        record: The run.
        env: Where it ran.
        task: The declaration.
        graph: The whole pipeline, each component with those before it; where it is not known,
            components that were not reached are not shown.
        advice: What to do, where the error does not say it.

    Returns:
        The file.

    Raises:
        OSError: If it cannot be written.
    """
    page = render_report(record, env, task, graph=graph, advice=advice)
    path = env.report_path(task.name, record.run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(page, encoding="utf-8")
    unfinished.replace(path)
    return path


def render_report(
    record: RunRecord,
    env: Environment,
    task: Task,
    *,
    graph: Graph | None = None,
    advice: str = "",
    lineage: Lineage | None = None,
) -> str:
    """Makes the page.

    Args:
        record: The run.
        env: Where it ran.
        task: The declaration.
        graph: As for `write_report`.
        advice: As for `write_report`.
        lineage: What its components made; from ML Metadata where not given.
    """
    problems: list[str] = []
    if lineage is None:
        lineage = _attempt(problems, "lineage", lambda: read_lineage(env, task.name, record.run_id))
    sections = _make_sections(record, env, task, lineage or Lineage(), graph, problems)
    contents = [(key, words) for key, words in _CONTENTS.items() if sections.get(key)]
    return _render(
        task=task,
        record=record,
        is_smoke=env.smoke,
        head=_make_head(record, task, advice),
        contents=contents,
        problems=problems,
        **{key: sections.get(key) for key in _CONTENTS},
    )


def _make_sections(
    record: RunRecord,
    env: Environment,
    task: Task,
    lineage: Lineage,
    graph: Graph | None,
    problems: list[str],
) -> dict[str, Any]:
    model = lineage.folder("Trainer", "Model") or record.paths.get("model", "")
    saved_model = os.path.join(model, _SERVED) if model else ""
    saved_model = saved_model if os.path.isdir(saved_model) else ""
    examples = lineage.folder("ExampleGen", "Examples")

    def make_data() -> Any:
        from gallery.report.data.section import make_section

        found = make_section(record, env, lineage)
        return None if found.is_empty else found

    def ask() -> Any:
        from gallery.report.held_out.section import make_section

        own = record.paths.get("report", "")
        settings = task.restore(record.settings) if record.settings else task.resolve({}, env.smoke)
        return make_section(task, settings, examples, saved_model, Media(), env.smoke, own)

    makers: dict[str, Callable[[], Any]] = {
        "measures": lambda: measures.make_section(task, record),
        "course": lambda: course.make_section(record, lineage, graph),
        "wanted": lambda: asked.make_section(task, record, env.smoke),
        "data": make_data,
        "learning": lambda: learning.make_section(record.paths.get("tensorboard", "")),
    }
    # What serves a cluster's models is not on this machine.
    if saved_model and env.has_metadata:
        makers["usage"] = lambda: usage.make_section(task, env, lineage.latency_ms, saved_model)
    if saved_model and examples:
        makers["held_out"] = ask
    return {key: _attempt(problems, _CONTENTS[key], make) for key, make in makers.items()}


def _attempt(problems: list[str], what: str, make: Callable[[], Any]) -> Any:
    """Makes a section; one that fails is said instead."""
    start_s = time.perf_counter()
    try:
        return make()
    except Exception as error:
        # Whatever a damaged artifact makes a library raise, the run is over and its report wanted.
        _LOG.warning("the section %r of the report is not made", what, exc_info=True)
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        problems.append(f"{what} is not shown: {first}")
        return None
    finally:
        _LOG.info("report: %s took %.2f s", what, time.perf_counter() - start_s)


def _make_head(record: RunRecord, task: Task, advice: str) -> Head:
    begun = datetime.datetime.fromtimestamp(record.started_s).astimezone()
    known = [metric for metric in task.metrics if metric.name in record.metrics]
    return Head(
        verdict=_word_end(record),
        mark=_MARKS.get(record.state, "–"),
        advice=advice,
        date=begun.strftime("%Y-%m-%d %H:%M:%S %Z") if record.started_s else "not known",
        duration=word_seconds(record.seconds) if record.seconds else "not known",
        numbers=[
            (f"{each.name}{_word_gate(record, each)}", _word_value(record, each)) for each in known
        ],
    )


def _word_end(record: RunRecord) -> str:
    if record.state == PUSHED:
        return f"pushed as version {record.version}" if record.version else "pushed"
    if record.state == REFUSED:
        return f"refused by {', '.join(record.refused)}" if record.refused else "refused by a gate"
    if record.state == CHECKED:
        return "checked, and nothing trained"
    failed = [each.name for each in record.components if each.state == "failed"]
    if record.state == FAILED:
        return f"failed in {failed[0]}" if failed else "failed"
    return record.state


def _word_value(record: RunRecord, metric: Metric) -> str:
    value = record.metrics[metric.name]["value"]
    return "none" if value is None else metric.format(value)


def _word_gate(record: RunRecord, metric: Metric) -> str:
    passed = record.metrics[metric.name].get("passed")
    return {True: " ✓ gate passed", False: " ✕ gate not passed"}.get(passed, "")


def _render(**values: Any) -> str:
    from jinja2 import Environment as Templates
    from jinja2 import PackageLoader, StrictUndefined
    from markupsafe import Markup

    templates = Templates(
        loader=PackageLoader("gallery.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Path(__file__).with_name("templates") / "style.css"
    return templates.get_template("report.html.j2").render(
        **values, style=Markup(style.read_text(encoding="utf-8"))
    )
