"""Characters to ids and back, in the graph, against Python."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from modules.common.text.characters import most_frequent, to_ids, to_texts

_SYMBOLS = ["", *"0123456789ABC"]


def ids_of(text: str, length: int) -> list[int]:
    """What Python makes of a text that holds symbols only."""
    ids = [_SYMBOLS.index(character) for character in text]
    return (ids + [0] * length)[:length]


@pytest.mark.parametrize("text", ["0", "A1B2C3", "999999", "CAB"])
def test_ids_are_the_symbols_places(text: str) -> None:
    ids = to_ids(tf.constant([text]), _SYMBOLS, 6)
    assert ids.dtype == tf.int64
    assert ids.numpy().tolist() == [ids_of(text, 6)]
    assert to_texts(ids, _SYMBOLS).numpy().tolist() == [text.encode()]


def test_lower_case_counts_as_upper_case_where_it_is_no_symbol() -> None:
    assert to_ids(tf.constant(["abc"]), _SYMBOLS, 3).numpy().tolist() == [ids_of("ABC", 3)]
    both = ["", "a", "A"]
    assert to_ids(tf.constant(["aA"]), both, 2).numpy().tolist() == [[1, 2]]


@pytest.mark.parametrize("text", [b"", b"0123456789" * 99, "汉字".encode(), b"\xff\x00?"])
def test_whatever_comes_gives_ids_in_range(text: bytes) -> None:
    ids = to_ids(tf.constant([text, b"12"]), _SYMBOLS, 4).numpy()
    assert ids.shape == (2, 4)
    assert ids.min() >= 0 and ids.max() < len(_SYMBOLS)
    assert ids[1].tolist() == ids_of("12", 4)


def test_an_empty_batch_is_one() -> None:
    assert to_ids(tf.zeros([0], tf.string), _SYMBOLS, 4).shape == (0, 4)


def test_most_frequent_is_counted_by_position() -> None:
    ids = np.array([[1, 2], [1, 3], [4, 3]])
    assert most_frequent(ids, 5).tolist() == [1, 3]
