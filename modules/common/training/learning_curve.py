"""Draws how a fit went: every figure by epoch, in training and on held-out examples."""

from __future__ import annotations

import csv
import io
import os

import tensorflow as tf

from modules.common.export.saved_model import Servable
from modules.common.training.callbacks import CURVE_FILE, REPORT_FILE
from modules.common.training.input_pipeline import Split

_HELD_OUT = "val_"
_NO_FIGURES = ("epoch", "step", "minutes")


def write_report(servable: Servable, evaluation: Split, directory: str) -> None:
    """Draws the learning curve that the fit wrote; a `Report` of `loop.run`.

    Args:
        servable: The exported model's; its task gives the title.
        evaluation: Not used: the curve has its figures.
        directory: Where the curve is, and the picture goes.
    """
    path = os.path.join(directory, CURVE_FILE)
    if not tf.io.gfile.exists(path):
        return
    with tf.io.gfile.GFile(path) as file:
        rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    with tf.io.gfile.GFile(os.path.join(directory, REPORT_FILE), "wb") as report:
        report.write(plot_curve(servable.task.name, rows))


def plot_curve(title: str, rows: list[dict[str, float]]) -> bytes:
    """Draws a curve.

    Args:
        title: Whose it is.
        rows: An epoch each: `epoch`, `minutes`, and figures; one whose name begins with `val_` is
            that of held-out examples.

    Returns:
        PNG: a panel for each figure.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figures = [
        name
        for name in rows[0]
        if name not in _NO_FIGURES and not name.startswith(_HELD_OUT) and name != "learning_rate"
    ]
    epochs = [row["epoch"] for row in rows]
    figure = Figure(figsize=(5 * len(figures), 3.5), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(figures), squeeze=False)[0]
    for panel, name in zip(panels, figures, strict=True):
        for column, label in ((name, "training"), (_HELD_OUT + name, "held out")):
            if column in rows[0]:
                panel.plot(epochs, [row[column] for row in rows], label=label)
        panel.set(xlabel="epoch", title=name, ylim=(0, None))
        panel.grid(alpha=0.3)
        panel.legend()
    figure.suptitle(f"{title}, {rows[-1]['minutes']:.1f} minutes")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()
