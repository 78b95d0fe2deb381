"""seq2seq_chatbot: draws how the fit went, and says what the model replies."""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from modules.common.export import saved_model
from modules.common.text.characters import to_texts
from modules.common.training import learning_curve
from modules.common.training.callbacks import SAID_FILE
from modules.common.training.input_pipeline import Split
from modules.seq2seq_chatbot.signatures import Seq2seqChatbotServable

EXCHANGES = 3
"""Held-out questions that are answered; they are said in one line."""


def write_report(servable: Seq2seqChatbotServable, evaluation: Split, directory: str) -> None:
    """Draws the learning curve, and has some held-out questions answered as they are served.

    Args:
        servable: What was trained.
        evaluation: The evaluation split.
        directory: Where the curve is, and the picture goes, and a line with the exchanges.
    """
    learning_curve.write_report(servable, evaluation, directory)
    questions = evaluation["question"]
    lengths, unknown = (questions != 0).sum(axis=1), len(servable.symbols) - 1
    text = servable.task.serving.input("text")
    may_be_asked = (lengths >= text.at_least) & (lengths <= text.at_most)
    questions = questions[may_be_asked & (questions != unknown).all(axis=1)]
    if not len(questions):
        return
    # Evenly among those, in the order of their texts.
    questions = np.unique(questions, axis=0)
    chosen = questions[np.linspace(0, len(questions) - 1, EXCHANGES + 2).astype(int)[1:-1]]
    texts = to_texts(tf.constant(chosen), servable.symbols)
    request = {
        name: tf.repeat(tensor[:1], EXCHANGES, axis=0)
        for name, tensor in saved_model.example_request(servable.task).items()
    }
    # As it is served: eagerly, thousands of small operations would take minutes.
    replies = servable.traced[0](**(request | {"text": texts}))["replies"][:, 0]
    pairs = zip(texts.numpy(), replies.numpy(), strict=True)
    said = "; ".join(f"{question.decode()} → {reply.decode()}" for question, reply in pairs)
    with tf.io.gfile.GFile(os.path.join(directory, SAID_FILE), "w") as file:
        file.write(said)
