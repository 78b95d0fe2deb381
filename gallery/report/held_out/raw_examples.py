"""Draws raw examples from what ExampleGen wrote."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

RawExample = Mapping[str, list]
"""Values by the raw feature's name: bytes, floats or whole numbers; none where it is missing."""

# TFX writes examples in no order, so the first of many are as good a choice as any.
_MOST_BYTES = 64_000_000
_RECORDS_AT_ONCE = 64


def draw_examples(
    examples_dir: str, count: int, seed: int, split: str = "eval"
) -> list[RawExample]:
    """Draws examples of a split, each as likely as another among the first 64 MB.

    Args:
        examples_dir: What ExampleGen wrote.
        count: How many are drawn at most.
        seed: Another seed draws others.
        split: The split.

    Returns:
        The examples in the order in which they were drawn.

    Raises:
        FileNotFoundError: If there is no such split.
    """
    import tensorflow as tf

    folder = os.path.join(examples_dir, f"Split-{split}")
    files = sorted(entry.path for entry in os.scandir(folder))
    chance = random.Random(seed)
    drawn: list[bytes] = []
    read_bytes = 0
    # Each takes the place of another with the chance that keeps all as likely.
    for number, record in enumerate(_read(files)):
        read_bytes += len(record)
        if len(drawn) < count:
            drawn.append(record)
        elif (place := chance.randrange(number + 1)) < count:
            drawn[place] = record
        if read_bytes > _MOST_BYTES:
            break
    chance.shuffle(drawn)
    return [_parse(tf.train.Example.FromString(record)) for record in drawn]


def _read(files: Sequence[str]) -> Iterator[bytes]:
    import tensorflow as tf

    # A file's name may hold what tf.data would take for a pattern; a list of names is none.
    records = tf.data.TFRecordDataset(list(files), compression_type="GZIP")
    # One by one they would take longer to hand over than to read.
    for batch in records.batch(_RECORDS_AT_ONCE).as_numpy_iterator():
        yield from batch


def _parse(example: Any) -> RawExample:
    return {
        name: list(getattr(feature, feature.WhichOneof("kind") or "bytes_list").value)
        for name, feature in example.features.feature.items()
    }
