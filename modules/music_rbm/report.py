"""music_rbm: draws what a model plays beside what it was to learn."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import tensorflow as tf

from modules.common.export.saved_model import Servable, example_request
from modules.common.training.callbacks import REPORT_FILE
from modules.common.training.input_pipeline import Split
from modules.music_rbm.piano_roll import draw_piano_rolls

_SEEDS = (1, 2)


def write_report(servable: Servable, evaluation: Split, directory: str) -> None:
    """Draws held-out music, two pieces of the model's, and how it goes on from a beginning.

    Args:
        servable: What was trained.
        evaluation: The evaluation split.
        directory: Where the picture goes.
    """
    [window] = next(iter(evaluation.batches(1)))[1].numpy()
    half = window[: -(-len(window) // 2)]
    panels = {"held-out music": window, "its first half, and on": _play(servable, 0, half, window)}
    for seed in _SEEDS:
        panels[f"drawn, seed {seed}"] = _play(servable, seed, window[:0], window)
    with tf.io.gfile.GFile(os.path.join(directory, REPORT_FILE), "wb") as file:
        file.write(draw_piano_rolls(panels))


def _play(servable: Servable, seed: int, primer: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Draws a piece as long as the window."""
    order: dict[str, Any] = {"steps": [len(window)], "seed": [seed], "primer": primer[None]}
    request = example_request(servable.task)
    given = {name: tf.constant(values, request[name].dtype) for name, values in order.items()}
    music: np.ndarray = servable.answer(request | given)["note_state"].numpy()[0]
    return music
