"""music_rbm: draws what a model plays, and measures it, beside what it was to learn."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import tensorflow as tf

from modules.common.export import saved_model
from modules.common.graph.tensors import Tensors
from modules.common.training.callbacks import REPORT_FILE, SAID_FILE
from modules.common.training.input_pipeline import Split
from modules.music_rbm.figures import measure
from modules.music_rbm.piano_roll import draw_piano_rolls
from modules.music_rbm.signatures import MusicRbmServable

# Pieces that are drawn and measured, and how many of them are seen.
_PIECES, _SEEN = 5, 2


def write_report(servable: MusicRbmServable, evaluation: Split, directory: str) -> None:
    """Draws held-out music, two pieces of the model's, and how it goes on from a beginning.

    Pieces as long as a window are measured, beside windows of the training split.

    Args:
        servable: What was trained.
        evaluation: The evaluation split.
        directory: Where the picture goes, and a line with the figures.
    """
    # As it is served: eagerly, thousands of small operations would take minutes.
    play = servable.traced[0]
    [window] = next(iter(evaluation.batches(1)))[1].numpy()
    half = window[: -(-len(window) // 2)]
    drawn = _order(servable, play, len(window), range(1, _PIECES + 1), window[:0])
    [gone_on] = _order(servable, play, len(window), [0], half)
    panels = {"held-out music": window, "its first half, and on": gone_on}
    panels |= {f"drawn, seed {seed + 1}": drawn[seed] for seed in range(_SEEN)}
    said = f"drawn music (training data): {measure(drawn).beside(servable.of_training)}"
    with tf.io.gfile.GFile(os.path.join(directory, REPORT_FILE), "wb") as file:
        file.write(draw_piano_rolls(panels, said=said))
    with tf.io.gfile.GFile(os.path.join(directory, SAID_FILE), "w") as file:
        file.write(said)


def _order(
    servable: MusicRbmServable, play: Any, steps: int, seeds: Any, primer: np.ndarray
) -> np.ndarray:
    """Draws a piece for each seed: uint8 `[seeds, steps, 156]`."""
    count = len(seeds)
    given: Tensors = {
        name: tf.repeat(tensor[:1], count, axis=0)
        for name, tensor in saved_model.example_request(servable.task).items()
    }
    given["steps"] = tf.fill([count], tf.constant(steps, tf.int64))
    given["seed"] = tf.constant(list(seeds), tf.int64)
    given["primer"] = tf.repeat(tf.constant(primer, tf.uint8)[None], count, axis=0)
    music: np.ndarray = play(**given)["note_state"].numpy()
    return music
