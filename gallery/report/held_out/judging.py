"""Holds answers against the truth: which are right, what is taken for what, how sure they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gallery.report.held_out.asking import Answered
from gallery.report.held_out.showing import JUDGED, is_answer_right, pair_of
from modules.common.declaring.fields import Field
from modules.common.declaring.task import Task

_OF_CLASSES = (("probabilities", "label"), ("probabilities", "labels"))
_MOST_CLASSES = 20
_FEWEST = 20
_BINS = 10


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """How often which class was taken for which.

    Attributes:
        name: The output.
        classes: True classes, and those that were answered.
        counts: int `[true, answered]`.
    """

    name: str
    classes: tuple[str, ...]
    counts: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How often what was said to be so likely was right.

    Attributes:
        name: The output.
        said: Mean probability of each bin that holds an answer.
        came: Share of these answers that are right.
        counts: How many they are.
    """

    name: str
    said: tuple[float, ...]
    came: tuple[float, ...]
    counts: tuple[int, ...]


def judged_outputs(task: Task) -> list[Field]:
    """Gives the outputs whose answers are right or wrong."""
    return [each for each in task.serving.outputs if each.raw and each.kind in JUDGED]


def is_right(task: Task, answered: Answered) -> bool | None:
    """Tells whether all that is known of an example was answered; `None` where nothing is."""
    pairs = [pair_of(each, answered) for each in judged_outputs(task)]
    known = [pair for pair in pairs if pair is not None]
    return all(true == found for true, found in known) if known else None


def count_confusions(task: Task, answered: Sequence[Answered]) -> list[Confusion]:
    """Counts which class was taken for which, of each output that is a class.

    Args:
        task: The declaration.
        answered: Questions with answers; few say nothing, and give nothing.
    """
    found = []
    for field in judged_outputs(task):
        if field.kind == "text":
            continue
        pairs = Counter(pair for each in answered if (pair := pair_of(field, each)) is not None)
        declared = [str(choice) for choice in field.choices]
        seen = sorted({name for pair in pairs for name in pair})
        classes = tuple(declared or seen)
        if not set(seen) <= set(classes) or not 2 <= len(classes) <= _MOST_CLASSES:
            continue
        if pairs.total() >= _FEWEST:
            counts = np.array([[pairs[true, found] for found in classes] for true in classes])
            found.append(Confusion(name=field.called, classes=classes, counts=counts))
    return found


def measure_calibration(task: Task, answered: Sequence[Answered]) -> list[Calibration]:
    """Measures how often answers are right that are said to be so likely.

    Args:
        task: The declaration.
        answered: Questions with answers; few say nothing, and give nothing.
    """
    found = []
    for field in judged_outputs(task):
        likely = [each for each in task.serving.outputs if each.of == field.name]
        if field.kind == "text" or not likely:
            continue
        pairs = [(each, pair) for each in answered if (pair := pair_of(field, each)) is not None]
        if len(pairs) < _FEWEST:
            continue
        said = np.array([float(np.max(each.answer[likely[0].name])) for each, _ in pairs])
        came = np.array([true == answer for _, (true, answer) in pairs], float)
        bins = np.minimum((said * _BINS).astype(int), _BINS - 1)
        used = np.unique(bins)
        found.append(
            Calibration(
                name=field.called,
                said=tuple(float(said[bins == each].mean()) for each in used),
                came=tuple(float(came[bins == each].mean()) for each in used),
                counts=tuple(int((bins == each).sum()) for each in used),
            )
        )
    return found


def sureness(task: Task, answered: Answered) -> float:
    """Gives how sure the model is of what it has wrong, 0 to 1; 0 where it does not say."""
    wrong = [each for each in judged_outputs(task) if is_answer_right(each, answered) is False]
    kinds = {each.name: each.kind for each in wrong}
    shares = [
        float(np.max(answered.answer[each.name], initial=0.0))
        for each in task.serving.outputs
        if each.of in kinds
        # Several probabilities of a text are those of its characters, not of all of it.
        and (each.kind == "probability" or (each.kind, kinds[each.of]) in _OF_CLASSES)
    ]
    return max(shares, default=0.0)
