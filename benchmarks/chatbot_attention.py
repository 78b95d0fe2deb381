"""Where a trained seq2seq_chatbot looks while it answers, as tables for its page.

    python benchmarks/chatbot_attention.py lianxi_runs 你好 "你 在 哪里"

A row is a character of the best reply, a column one of the question: how much of what is seen
before the character is said comes from there, in percent.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.common.export.saved_model import WEIGHTS_FILE
from modules.common.graph.tensors import unpack
from modules.seq2seq_chatbot import beam
from modules.seq2seq_chatbot.decoder import Decoder
from modules.seq2seq_chatbot.features import symbols_of
from modules.seq2seq_chatbot.model import build_model
from modules.seq2seq_chatbot.rules import rules_for
from modules.seq2seq_chatbot.task import TASK, Settings

_BEAM_WIDTH = 5
_END = "⏎"


def latest(paths: list[Path]) -> str:
    """Gives the path whose name is the highest number."""
    return str(max(paths, key=lambda path: int(path.name)))


def look_at(model: keras.Model, question: np.ndarray, reply: np.ndarray) -> np.ndarray:
    """Gives the shares of the question's characters.

    Args:
        model: A trained one.
        question: int64 `[1, length]`.
        reply: int64 `[1, length of its own]`.

    Returns:
        float32 `[reply + 1, question + 1]`, the ends included.
    """
    attention = model.get_layer("attention")
    inputs = attention.input
    watched = keras.Model(model.inputs, inputs)
    return attention.shares(*watched([question, reply], training=False))[0].numpy()


def table(question: str, reply: str, shares: np.ndarray) -> str:
    """Writes shares as a Markdown table; a space is shown as `␣`."""
    columns, rows = ([*text.replace(" ", "␣"), _END] for text in (question, reply))
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    for character, row in zip(rows, shares, strict=True):
        lines.append(
            [f"**{character}**", *(f"{share:.0%}" if share >= 0.05 else "" for share in row)]
        )
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def show(pipeline: Path, pushed: str, texts: list[str], settings: Settings) -> None:
    """Answers texts and prints a table for each."""
    output = tft.TFTransformOutput(latest(list((pipeline / "Transform/transform_graph").iterdir())))
    model = build_model(settings, output)
    model.load_weights(os.path.join(pushed, WEIGHTS_FILE))
    symbols = symbols_of(output)
    layer = output.transform_features_layer()
    for text in texts:
        features = unpack(layer({"question": tf.constant([[text]])}), TASK.features_for(settings))
        question = features["question"]
        width = tf.constant([_BEAM_WIDTH], tf.int64)
        # The likeliest reply, whatever it says.
        rules = rules_for(
            symbols, question, tf.constant([0]), tf.constant([True]), settings.max_chars
        )
        decoder = Decoder(model, symbols)
        found = beam.search(decoder, rules, width, _BEAM_WIDTH, settings.length_penalty)
        ids = found.ids[:1, 0].numpy()
        ids = ids[:, ids[0] > 0]
        reply = "".join(symbols[symbol] for symbol in ids[0])
        print(f"\n{text} → {reply}\n")
        print(table(" ".join(text.split()), reply, look_at(model, question, tf.constant(ids))))


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="folder of an environment, such as lianxi_runs")
    parser.add_argument("texts", nargs="+")
    arguments = parser.parse_args()
    pushed = latest(list((arguments.root / "models" / TASK.name).glob("[0-9]*")))
    show(
        arguments.root / "pipelines" / TASK.name,
        pushed,
        arguments.texts,
        TASK.resolve({}),
    )


if __name__ == "__main__":
    main()
