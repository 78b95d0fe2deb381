"""chinese_asr: the best answers that hear nothing, which the gate compares with.

Candidates are the empty text, repeats of a frequent character, and sentences of the training
split; the one with the least edit distance to all training sentences together wins. One answer is
for all recordings; others are for recordings that last about as long.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_DURATIONS = 10
# Of fewer sentences the best one says little of others.
_LEAST_SENTENCES = 30
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


class ByDuration(NamedTuple):
    """The best constant answers to recordings of about the same duration.

    Attributes:
        from_frames: int64 `[durations]`, in frames, ascending from 0: where each duration begins.
        ids: int64 `[durations, longest]`, the answer to each, 0 after the end.
    """

    from_frames: np.ndarray
    ids: np.ndarray


def best_by_duration(ids: np.ndarray, n_frames: np.ndarray) -> ByDuration:
    """Finds the best answers of what knows of a recording how long it is and nothing else.

    Args:
        ids: Sentences, integers `[sentences, longest]`, 0 after the end.
        n_frames: How many frames each one's recording has, integers `[sentences]`.

    Returns:
        At most ten durations, with about as many sentences each.
    """
    parts = max(1, min(_DURATIONS, len(ids) // _LEAST_SENTENCES))
    # Each duration begins with one that is there, so that none is empty.
    within = np.quantile(n_frames, np.arange(parts) / parts, method="higher").astype(np.int64)
    from_frames = np.unique(within)
    from_frames[0] = 0
    duration = np.searchsorted(from_frames, n_frames, side="right") - 1
    answers = [best_constant(ids[duration == each]) for each in range(len(from_frames))]
    padded = np.zeros([len(answers), max(1, *map(len, answers))], np.int64)
    for row, answer in zip(padded, answers, strict=True):
        row[: len(answer)] = answer
    return ByDuration(from_frames=from_frames, ids=padded)


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
