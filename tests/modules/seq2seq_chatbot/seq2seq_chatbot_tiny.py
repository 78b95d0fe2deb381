"""A tiny chatbot with random weights, and all that it could reply, reply by reply."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from modules.common.declaring.settings import change
from modules.seq2seq_chatbot.decoder import Decoder
from modules.seq2seq_chatbot.model import build
from modules.seq2seq_chatbot.rules import Rules, rules_for
from modules.seq2seq_chatbot.task import Settings

SYMBOLS = ["", "a", "b", "c", " ", ""]
SPACE, UNKNOWN = 4, 5
MAX_CHARS = 3
SETTINGS = Settings(units=8, layers=3, heads=2, dropout=0.2, seed=3)
MODELS = ("lstm", "transformer")


def tiny_model(seed: int = 3, kind: str = "lstm") -> keras.Model:
    """A model that is far from even: its weights are larger than they begin."""
    keras.utils.set_random_seed(seed)
    model = build(change(SETTINGS, model=kind), len(SYMBOLS))
    rng = np.random.default_rng(seed)
    model.set_weights(
        [2.5 * weights + 0.3 * rng.normal(size=weights.shape) for weights in model.get_weights()]
    )
    return model


def tiny_decoder(seed: int = 3, kind: str = "lstm") -> Decoder:
    """The tiny model's decoder."""
    return Decoder(tiny_model(seed, kind), SYMBOLS)


def free_rules(questions: np.ndarray, max_chars: int = MAX_CHARS, **changes: Any) -> Rules:
    """Rules that forbid no repetition and no echo, but where `changes` say so."""
    count = len(questions)
    asked = {"no_repeat": tf.fill([count], 0), "may_echo": tf.fill([count], True)} | changes
    return rules_for(SYMBOLS, tf.constant(questions), max_chars=max_chars, **asked)


def padded(lines: Sequence[Sequence[int]], longest: int = 0) -> np.ndarray:
    """Lines of ids as one array, int64 `[lines, longest]`, 0 after the end."""
    width = max([longest, 1, *map(len, lines)])
    return np.array([[*line, *[0] * (width - len(line))] for line in lines], np.int64)


def logits_of(model: keras.Model, questions: np.ndarray, replies: np.ndarray) -> np.ndarray:
    """Gives the logits that a model makes its costs of, float32 `[batch, places, symbols]`."""
    wanted = keras.Model(model.input, model.get_layer("wanted").output)
    found = wanted({"question": questions, "reply": replies}, training=False)
    return model.get_layer("characters")(found, compares=True).numpy()


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities, in double precision."""
    logits = logits.astype(np.float64)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_probabilities(
    model: keras.Model, question: Sequence[int], replies: Sequence[Sequence[int]]
) -> np.ndarray:
    """Log-probability of each reply and its end, by the model that is given the reply.

    Returns:
        float64 `[replies]`.
    """
    ids = padded(replies)
    questions = np.repeat(padded([question]), len(ids), axis=0)
    log_p = log_softmax(logits_of(model, questions, ids))
    ended = np.pad(ids, [(0, 0), (0, 1)])
    by_place = np.take_along_axis(log_p, ended[..., None], axis=-1)[..., 0]
    is_own = np.arange(ended.shape[1]) <= np.array([len(reply) for reply in replies])[:, None]
    return np.where(is_own, by_place, 0).sum(axis=1)


def all_replies(max_chars: int = MAX_CHARS) -> list[tuple[int, ...]]:
    """Every reply there may be: not empty, no space first, nothing unknown."""
    letters = (1, 2, 3)
    rest = (*letters, 4)
    return [
        (first, *others)
        for first in letters
        for length in range(max_chars)
        for others in itertools.product(rest, repeat=length)
    ]
