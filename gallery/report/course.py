"""Makes the section on how the run went: its components, in a drawing and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gallery.drawing.dag import Node, draw_dag
from gallery.report.lineage import Lineage
from gallery.report.pieces import Table
from pipelines.run_record import RunRecord

Graph = Mapping[str, Sequence[str]]
"""Components by name, each with those before it."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """The section.

    Attributes:
        drawing: The DAG.
        table: Seconds and figures.
    """

    drawing: Markup
    table: Table


def make_section(record: RunRecord, lineage: Lineage, graph: Graph | None) -> Course | None:
    """Draws how a run went.

    Args:
        record: The run.
        lineage: What its components took from which.
        graph: The whole pipeline; where it is not known, components that were not reached are not
            shown.

    Returns:
        The section, or `None` where no component began.
    """
    known = {each.name: each for each in record.components}
    if not known:
        return None
    shown = [*known, *(name for name in graph or {} if name not in known)]
    nodes = []
    for name in shown:
        after = (*lineage.edges.get(name, ()), *((graph or {}).get(name, ())))
        component = known.get(name)
        nodes.append(
            Node(
                name=name,
                state=component.state if component else "",
                text=_write_seconds(component.seconds) if component else "",
                after=tuple(each for each in dict.fromkeys(after) if each != name),
            )
        )
    rows = [
        (each.name, each.state, f"{each.seconds:.1f}", f"{each.cpu_seconds:.1f}", each.said)
        for each in record.components
    ]
    return Course(
        drawing=Markup(draw_dag(f"The components of run {record.run_id}", nodes)),
        table=Table(
            caption="Components in the order in which they ended",
            head=("component", "state", "s", "CPU s", "what came of it"),
            rows=tuple(rows),
            numeric=frozenset({2, 3}),
        ),
    )


def _write_seconds(seconds: float) -> str:
    if seconds >= 60:
        return f"{int(seconds // 60)} min {seconds % 60:.0f} s"
    return f"{seconds:.1f} s"
