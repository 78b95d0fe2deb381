"""What a reader of raw files gives: records that become examples, and rejects that do not.

Readers may run in processes that are to start at once, so TensorFlow is imported only where an
example is made.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from numbers import Integral
from typing import TYPE_CHECKING

from modules.common.declaring.sources import RawFeatures, RawValue

if TYPE_CHECKING:
    import tensorflow as tf

SPLITS = ("train", "eval")
BAD, SET_ASIDE = "bad", "set aside"


@dataclass(frozen=True)
class Record:
    """One example to be.

    Attributes:
        split: `train` or `eval`.
        features: Raw features by name.
    """

    split: str
    features: RawFeatures


@dataclass(frozen=True)
class Reject:
    """A record that becomes no example, with the reason.

    Attributes:
        path: File that it was in, relative to the data folder.
        where: Place in the file, such as `line 12`, or empty for the whole file.
        reason: What was expected and what was found.
        kind: `BAD`, which counts against the task's limit, or `SET_ASIDE`: nothing is wrong with
            it, but the task does not use it.
    """

    path: str
    where: str
    reason: str
    kind: str = BAD

    def to_json(self) -> str:
        """Writes it as one line of a quarantine file."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True)
class Used:
    """How many records of a file examples were made of, where an example is no record.

    The share of bad records is one of records then.

    Attributes:
        count: Such as rows, of which windows were cut.
    """

    count: int


def split_of(key: str, eval_percent: int) -> str:
    """Chooses a split as a function of the key alone, so that it never changes.

    Args:
        key: What must not be on both sides: a name, a speaker, a conversation.
        eval_percent: Share of the keys that goes to the evaluation split, in percent.
    """
    bucket = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % 100
    return "eval" if bucket < eval_percent else "train"


def splits_by_rank(keys: Iterable[str], eval_percent: int) -> dict[str, str]:
    """Splits few keys so that neither side is empty: by rank of their digests.

    A key that is added or taken away may move as many others, those nearest the border; with
    `split_of` none moves, but of few keys all may fall on one side.

    Args:
        keys: What must not be on both sides, such as speakers; at least two, or else all that
            there is goes to the training split.
        eval_percent: Share of the keys that goes to the evaluation split, in percent; at least
            one key does, and not all.

    Returns:
        `train` or `eval` by key.
    """
    ranked = sorted(set(keys), key=lambda key: hashlib.sha256(key.encode()).digest())
    held_out = min(max(1, round(len(ranked) * eval_percent / 100)), len(ranked) - 1)
    return {key: "eval" if rank < held_out else "train" for rank, key in enumerate(ranked)}


def to_example(features: RawFeatures) -> bytes:
    """Serializes raw features as a `tf.Example`; text becomes UTF-8.

    An empty list becomes a feature without a type, which readers take for absent.
    """
    example = _example_class()()
    by_name = example.features.feature
    for name, value in features.items():
        if isinstance(value, str):
            by_name[name].bytes_list.value.append(value.encode())
        else:
            _fill(by_name[name], value)
    serialized: bytes = example.SerializeToString(deterministic=True)
    return serialized


@functools.cache
def _example_class() -> type[tf.train.Example]:
    import tensorflow as tf

    example_class: type[tf.train.Example] = tf.train.Example
    return example_class


def _fill(feature: tf.train.Feature, value: RawValue) -> None:
    values = [value] if isinstance(value, bytes) or not isinstance(value, Iterable) else value
    items = [item.encode() if isinstance(item, str) else item for item in values]
    if not items:
        return
    if isinstance(items[0], bytes):
        feature.bytes_list.value.extend(items)
    elif all(isinstance(item, Integral) for item in items):
        feature.int64_list.value.extend(items)
    else:
        feature.float_list.value.extend(items)
