"""What a model has to know of being trained on parts of a batch, each on a replica of its own.

A model of Keras' own layers and losses has to know nothing. One whose loss, or whose state, is not
a mean over examples asks here; outside of a distributed training these functions change nothing.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def count() -> int:
    """How many replicas there are, 1 where training is not distributed."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def sum_over(values: Any) -> Any:
    """Gives the sums of what all replicas have, on each of them; gradients pass through.

    Args:
        values: A tensor, or a structure of them, float, of the same shapes on all replicas.
    """
    context = tf.distribute.get_replica_context()
    if count() == 1 or context is None:
        return values
    return context.all_reduce(tf.distribute.ReduceOp.SUM, values)
