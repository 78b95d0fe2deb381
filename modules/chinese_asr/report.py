"""chinese_asr: what a run says of its model beside the metrics."""

from __future__ import annotations

import os

import tensorflow as tf

from modules.chinese_asr.signatures import ChineseAsrServable
from modules.common.export.saved_model import Servable
from modules.common.training.callbacks import SAID_FILE
from modules.common.training.input_pipeline import Split
from modules.common.training.learning_curve import write_report


def write_curve_and_weight(servable: Servable, evaluation: Split, directory: str) -> None:
    """Draws the learning curve, and says how the language model counts; a `Report` of `loop.run`.

    Args:
        servable: The exported model's.
        evaluation: Not used.
        directory: Where the curve is, and both go.
    """
    assert isinstance(servable, ChineseAsrServable)
    write_report(servable, evaluation, directory)
    weight, bonus = float(servable.lm_weight), float(servable.length_bonus)
    said = f"language model {weight:g}, {bonus:g} a character" if weight else "no language model"
    with tf.io.gfile.GFile(os.path.join(directory, SAID_FILE), "w") as file:
        file.write(said)
