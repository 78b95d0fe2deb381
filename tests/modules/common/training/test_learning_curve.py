"""The picture of a learning curve: a panel a figure, training and held-out lines in each."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modules.common.training.callbacks import CURVE_FILE, REPORT_FILE
from modules.common.training.learning_curve import plot_curve, write_report


class Servable:
    class task:
        name = "any_task"


def rows(figures: tuple[str, ...]) -> list[dict[str, float]]:
    return [
        {"epoch": epoch, "step": 5 * epoch, "minutes": epoch / 2}
        | {name: number + 1 / epoch for number, name in enumerate(figures)}
        for epoch in (1.0, 2.0, 3.0)
    ]


def test_there_is_a_panel_for_each_figure() -> None:
    one = Image.open(io.BytesIO(plot_curve("any_task", rows(("loss", "val_loss")))))
    two = Image.open(
        io.BytesIO(plot_curve("any_task", rows(("loss", "val_loss", "cer", "val_cer"))))
    )
    assert two.width == 2 * one.width and two.height == one.height
    assert np.asarray(two.convert("L")).std() > 5


def test_the_curve_that_a_fit_wrote_is_drawn(tmp_path: Path) -> None:
    servable: Any = Servable()
    nobody: Any = None
    write_report(servable, nobody, str(tmp_path))
    assert not (tmp_path / REPORT_FILE).exists()
    (tmp_path / CURVE_FILE).write_text("epoch,step,minutes,loss,val_loss\n1,5,0.5,3.0,3.5\n")
    write_report(servable, nobody, str(tmp_path))
    assert Image.open(tmp_path / REPORT_FILE).size[0] > 100
