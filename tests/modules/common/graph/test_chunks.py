"""A few examples at a time, against the whole batch at once."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from modules.common.graph.chunks import in_chunks
from modules.common.graph.tensors import Tensors

_SIZES: list[int] = []


def described(batch: Tensors) -> Tensors:
    """Numbers, texts and pictures of each example."""
    tf.py_function(lambda size: _SIZES.append(int(size)), [tf.shape(batch["x"])[0]], [])
    return {
        "sum": tf.reduce_sum(batch["x"], axis=1),
        "text": tf.strings.join([batch["name"], tf.strings.as_string(batch["x"][:, 0])]),
        "pictures": tf.tile(batch["x"][:, :, None], [1, 1, 2]),
    }


def inputs(count: int) -> Tensors:
    return {
        "x": tf.reshape(tf.range(3.0 * count), [count, 3]),
        "name": tf.strings.as_string(tf.range(count)),
    }


@tf.function(
    autograph=False,
    input_signature=[
        {"x": tf.TensorSpec([None, 3], tf.float32), "name": tf.TensorSpec([None], tf.string)}
    ],
)
def in_graph(batch: Tensors) -> Tensors:
    return in_chunks(described, batch, 4)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 11])
def test_pieces_add_up_to_the_batch(count: int) -> None:
    whole = described(inputs(count))
    _SIZES.clear()
    for found in (in_graph(inputs(count)), in_chunks(described, inputs(count), 4)):
        assert set(found) == set(whole)
        for name in whole:
            np.testing.assert_array_equal(found[name], whole[name])
    wanted = {0: [], 1: [1], 3: [3], 4: [4], 5: [3, 3], 11: [4, 4, 4]}[count]
    assert _SIZES == wanted + wanted
    _SIZES.clear()
    in_chunks(described, inputs(count), 4, fills_up=True)
    assert _SIZES == [4] * -(-count // 4)
    assert in_graph.get_concrete_function().structured_outputs["pictures"].shape == [None, 3, 2]
