"""deep_dream: a sheet of held-out pictures, each as it was and as it is dreamt."""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from modules.common.export.saved_model import Servable
from modules.common.training.callbacks import REPORT_FILE
from modules.common.training.input_pipeline import Split
from modules.deep_dream.rotation import turn

_PICTURES = 4


def write_report(servable: Servable, evaluation: Split, directory: str) -> None:
    """Draws the sheet: a row of pictures, below each its dream.

    Args:
        servable: The exported model's.
        evaluation: The evaluation split, whose first pictures are taken.
        directory: Where to.
    """
    [(features, rotation)] = evaluation.batches(_PICTURES).take(1)
    pictures = turn(features["image"], -rotation)
    contents = tf.stack([tf.io.encode_png(picture) for picture in pictures])
    made = servable.answer_examples({"image": contents})["image"]
    dreams = [tf.io.decode_png(content, channels=3).numpy() for content in made]
    rows = [np.concatenate(list(row), axis=1) for row in (pictures.numpy(), dreams)]
    sheet = tf.io.encode_png(np.concatenate(rows, axis=0))
    tf.io.write_file(os.path.join(directory, REPORT_FILE), sheet)
