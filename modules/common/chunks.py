"""Runs a function over a few examples at a time, so that memory does not grow with the batch.

Evaluator and Transform send a thousand examples at once; a thousand photographs' activations would
not fit in memory.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from modules.common.tensors import Tensors


def in_chunks(function: Callable[[Tensors], Tensors], inputs: Tensors, chunk: int) -> Tensors:
    """Applies a function of a batch to pieces of it, one after the other.

    Args:
        function: Tensors `[chunk, ...]` each to tensors `[chunk, ...]` each, of which each example
            depends on its own inputs alone.
        inputs: `[batch, ...]` each, of any batch, none included.
        chunk: Most examples at a time.

    Returns:
        What `function` gives for the whole batch, `[batch, ...]` each.
    """
    batch = tf.shape(next(iter(inputs.values())))[0]
    # The last piece is filled up with the last example; an empty batch makes no piece.
    pieces = -(-batch // chunk)
    rows = tf.minimum(tf.range(pieces * chunk), batch - 1)
    rows = tf.reshape(rows, [pieces, chunk])

    def piece(indices: tf.Tensor) -> Tensors:
        return function({name: tf.gather(values, indices) for name, values in inputs.items()})

    specs = {
        name: tf.TensorSpec([chunk, *values.shape[1:]], values.dtype)
        for name, values in inputs.items()
    }
    traced = tf.function(function, autograph=False).get_concrete_function(specs)
    given = {
        name: tf.TensorSpec(spec.shape, spec.dtype)
        for name, spec in traced.structured_outputs.items()
    }
    answers = tf.map_fn(piece, rows, fn_output_signature=given, parallel_iterations=1)
    return {name: _joined(values, batch) for name, values in answers.items()}


def _joined(pieces: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
    """Puts `[pieces, chunk, ...]` together to `[batch, ...]`."""
    sizes = tf.shape(pieces)
    flat = tf.reshape(pieces, tf.concat([[sizes[0] * sizes[1]], sizes[2:]], axis=0))
    return tf.ensure_shape(flat[:batch], [None, *pieces.shape[2:]])
