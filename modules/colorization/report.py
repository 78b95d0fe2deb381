"""colorization: a sheet of held-out pictures, each grey, as the model colours it, and as it was."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from PIL import Image

from modules.colorization import colour
from modules.common.export.saved_model import Servable
from modules.common.training.callbacks import REPORT_FILE
from modules.common.training.input_pipeline import Split

_PICTURES = 16
_COLUMNS = 2
_CELL_PX = 160
_GAP_PX = 4


def write_report(servable: Servable, evaluation: Split, directory: str) -> None:
    """Draws the sheet.

    Args:
        servable: The exported model's.
        evaluation: The evaluation split, of which some pictures are taken, evenly.
        directory: Where to.
    """
    every = max(1, evaluation.examples // _PICTURES)
    taken = evaluation.batches(1).enumerate().filter(lambda index, _: index % every == 0)
    rows = []
    for _, (_, pictures) in taken.take(_PICTURES):
        contents = tf.io.encode_png(pictures[0])[None]
        [made] = servable.answer({"image": contents})["image"].numpy()
        grey = tf.repeat(colour.grey(pictures[0]), 3, axis=-1).numpy()
        rows.append([grey, np.asarray(Image.open(io.BytesIO(made))), pictures[0].numpy()])
    file = io.BytesIO()
    sheet(rows, _COLUMNS, _CELL_PX).save(file, "PNG")
    with tf.io.gfile.GFile(os.path.join(directory, REPORT_FILE), "wb") as report:
        report.write(file.getvalue())


def sheet(rows: Sequence[Sequence[np.ndarray]], columns: int, cell_px: int) -> Image.Image:
    """Lays pictures out: those of a row side by side, several rows in a line.

    Args:
        rows: Pictures, uint8 `[height, width, 3]`, as many in each row.
        columns: Rows in a line.
        cell_px: Longer side that the pictures are brought to.
    """
    many = len(rows[0])
    step = cell_px + _GAP_PX
    lines = -(-len(rows) // columns)
    # Twice the gap between one row and the next.
    width = columns * (many * step + _GAP_PX) - 2 * _GAP_PX
    page = Image.new("RGB", (width, lines * step - _GAP_PX), "white")
    for number, row in enumerate(rows):
        line, column = divmod(number, columns)
        for place, pixels in enumerate(row):
            picture = Image.fromarray(pixels)
            picture.thumbnail((cell_px, cell_px))
            left = column * (many * step + _GAP_PX) + place * step
            page.paste(picture, (left, line * step))
    return page
