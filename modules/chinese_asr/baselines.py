"""chinese_asr: the best answer that hears nothing, which the gate compares with.

Candidates are the empty text, repeats of a frequent character, and sentences of the training
split; the one with the least edit distance to all training sentences together wins.
"""

from __future__ import annotations

import numpy as np

_CHARACTERS = 30
_SENTENCES = 100
# Sentences among which a candidate sentence is compared; the winner is then compared with all.
_REFERENCES = 2000


def best_constant(ids: np.ndarray) -> np.ndarray:
    """Finds the constant answer that is wrong least.

    Args:
        ids: Sentences, integers `[sentences, longest]`, 0 after the end.

    Returns:
        Its ids, int64 `[length]`.
    """
    ids = np.asarray(ids, np.int64)
    few = ids[_spread(len(ids), _REFERENCES)]
    sentences = [_text(row) for row in ids[_spread(len(ids), _SENTENCES)]]
    nothing = np.zeros(0, np.int64)
    sentence = min(sentences, key=lambda text: distances(text, few).sum(), default=nothing)
    candidates = [nothing, _best_repeat(ids), sentence]
    return min(candidates, key=lambda text: distances(text, ids).sum())


def distances(text: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Edit distances of one text to many.

    Args:
        text: Ids, integers `[length]`.
        ids: Sentences, integers `[sentences, longest]`, 0 after the end.

    Returns:
        int64 `[sentences]`: how many characters must be put in, left out or changed.
    """
    places = np.arange(ids.shape[1] + 1)
    row = np.broadcast_to(places, [len(ids), len(places)])
    for number, character in enumerate(text, 1):
        change = row[:, :-1] + (ids != character)
        row = row + 1
        row[:, 0] = number
        row[:, 1:] = np.minimum(row[:, 1:], change)
        row = np.minimum.accumulate(row - places, axis=1) + places
    return row[np.arange(len(ids)), np.count_nonzero(ids, axis=1)]


def _best_repeat(ids: np.ndarray) -> np.ndarray:
    """The best text of one character alone."""
    lengths = np.count_nonzero(ids, axis=1)
    frequent = np.argsort(-np.bincount(ids[ids != 0], minlength=2), kind="stable")[:_CHARACTERS]
    best = (int(lengths.sum()), 0, 0)
    for character in frequent[frequent != 0]:
        there = np.count_nonzero(ids == character, axis=1)
        for times in range(1, ids.shape[1] + 1):
            wrong = np.maximum(lengths, times) - np.minimum(there, times)
            best = min(best, (int(wrong.sum()), int(character), times))
    _, character, times = best
    return np.full(times, character, np.int64)


def _spread(count: int, wanted: int) -> np.ndarray:
    """At most `wanted` indices, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).astype(np.int64))


def _text(row: np.ndarray) -> np.ndarray:
    return row[row != 0]
