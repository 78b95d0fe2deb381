"""Runs a function over a few examples at a time, so that memory does not grow with the batch.

Evaluator and Transform send a thousand examples at once; a thousand photographs' activations would
not fit in memory.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from modules.common.graph.tensors import Tensors


def in_chunks(
    function: Callable[[Tensors], Tensors], inputs: Tensors, chunk: int, fills_up: bool = False
) -> Tensors:
    """Applies a function of a batch to pieces of it, one after the other.

    Args:
        function: Tensors `[examples, ...]` each, at most `chunk` of them, to tensors
            `[examples, ...]` each, of which each example depends on its own inputs alone.
        inputs: `[batch, ...]` each, of any batch, none included.
        chunk: Most examples at a time.
        fills_up: Whether `function` always gets `chunk` of them, some of them to no purpose, so
            that rounding does not depend on the batch. One example then costs as much as a chunk.

    Returns:
        What `function` gives for the whole batch, `[batch, ...]` each.
    """
    batch = tf.shape(next(iter(inputs.values())))[0]
    specs = {
        name: tf.TensorSpec([None, *values.shape[1:]], values.dtype)
        for name, values in inputs.items()
    }
    traced = tf.function(function, autograph=False).get_concrete_function(specs)
    given = {
        name: tf.TensorSpec(spec.shape, spec.dtype)
        for name, spec in traced.structured_outputs.items()
    }

    def answers() -> Tensors:
        # Pieces of one size, the last filled up with the last example.
        pieces = -(-batch // chunk)
        size = chunk if fills_up else -(-batch // pieces)
        rows = tf.reshape(tf.minimum(tf.range(pieces * size), batch - 1), [pieces, size])
        parts = tf.map_fn(
            lambda indices: function(
                {name: tf.gather(values, indices) for name, values in inputs.items()}
            ),
            rows,
            fn_output_signature=given,
            parallel_iterations=1,
        )
        return {name: _join(values, batch) for name, values in parts.items()}

    def nothing() -> Tensors:
        return {
            name: tf.zeros([0, *(length or 0 for length in spec.shape[1:])], spec.dtype)
            for name, spec in given.items()
        }

    found = tf.cond(batch > 0, answers, nothing)
    return {
        name: tf.ensure_shape(values, [None, *given[name].shape[1:]])
        for name, values in found.items()
    }


def _join(pieces: tf.Tensor, batch: tf.Tensor) -> tf.Tensor:
    """Puts `[pieces, size, ...]` together to `[batch, ...]`."""
    sizes = tf.shape(pieces)
    flat = tf.reshape(pieces, tf.concat([[sizes[0] * sizes[1]], sizes[2:]], axis=0))
    return flat[:batch]
