"""Makes the section on how the fit went."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from gallery.drawing.axes import write_number
from gallery.drawing.lines import Line, draw_lines
from gallery.report.pieces import Table

_HELD_OUT = "val_"
_NO_FIGURES = ("epoch", "step", "minutes")
_MOST_ROWS = 400


@dataclass(frozen=True, kw_only=True)
class Learning:
    """The section.

    Attributes:
        said: Epochs and minutes, in a sentence.
        drawings: A chart for each figure, with its name.
        table: All of it.
    """

    said: str
    drawings: Sequence[tuple[str, Markup]]
    table: Table


def make_section(tensorboard_dir: str) -> Learning | None:
    """Draws the learning curve that the fit wrote.

    Args:
        tensorboard_dir: Where it is.

    Returns:
        The section, or `None` where nothing was trained.
    """
    # Keras comes with it.
    from modules.common.training.callbacks import CURVE_FILE

    path = os.path.join(tensorboard_dir, CURVE_FILE) if tensorboard_dir else ""
    if not path or not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8", newline="") as file:
        rows = [
            {name: float(value or "nan") for name, value in row.items() if name}
            for row in csv.DictReader(file)
        ]
    if not rows:
        return None
    epochs = [row["epoch"] for row in rows]
    drawings = [
        (words, Markup(draw_lines(f"{words} by epoch", lines, "epoch", are_whole=True)))
        for name, words in _figures(rows[0])
        if (lines := _lines(rows, name, epochs))
    ]
    last = rows[-1]
    plural = "s"[: len(rows) != 1]
    columns = tuple(rows[0])
    shown = rows[:: -(-len(rows) // _MOST_ROWS)]
    return Learning(
        said=f"{len(rows)} epoch{plural}, {last['step']:,.0f} steps, "
        f"{last['minutes']:.1f} minutes.",
        drawings=drawings,
        table=Table(
            caption="The learning curve, a row an epoch; what begins with val is of held-out "
            "examples",
            head=tuple(name.replace("_", " ") for name in columns),
            rows=tuple(tuple(write_number(row[name]) for name in columns) for row in shown),
            numeric=frozenset(range(len(columns))),
        ),
    )


def _figures(row: dict[str, float]) -> list[tuple[str, str]]:
    """Names what is drawn: the loss first, the learning rate last."""
    named = [name for name in row if name not in _NO_FIGURES and not name.startswith(_HELD_OUT)]
    ranked = sorted(named, key=lambda name: (name == "learning_rate", name != "loss"))
    return [(name, name.replace("_", " ")) for name in ranked]


def _lines(rows: list[dict[str, float]], name: str, epochs: list[float]) -> list[Line]:
    columns = ((name, "training"), (_HELD_OUT + name, "held out"))
    return [
        Line(name=words, xs=epochs, ys=[row[column] for row in rows])
        for column, words in columns
        if column in rows[0]
    ]
