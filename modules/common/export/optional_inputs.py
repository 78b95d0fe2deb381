"""Inputs of a signature: those that a request may leave out, and those of a difficult name.

Defaults stand in the SignatureDef, where TensorFlow Serving and the embedded server find them. A
server fills in one example's worth, whatever the request's batch; the graph spreads it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from modules.common.declaring.task import Field
from modules.common.graph.tensors import DTYPES, Tensors
from modules.common.runtime.stack import safe_argument


def default_tensor(entry: Field) -> tf.Tensor:
    """Gives what a request that leaves an input out gets.

    Args:
        entry: An input with a default.

    Returns:
        `[1, *shape]`; where the default is an empty list, nothing along the dimensions of any
        length.
    """
    if isinstance(entry.default, list) and not entry.default:
        return tf.zeros([1, *(size or 0 for size in entry.shape)], DTYPES[entry.dtype])
    return tf.constant([entry.default], DTYPES[entry.dtype])


def spread(inputs: Tensors, entries: Sequence[Field]) -> Tensors:
    """Repeats inputs of one example to the batch, where they have a default.

    Args:
        inputs: `[batch, ...]` each, or `[1, ...]` where there is a default.
        entries: The signature's inputs.

    Returns:
        `[batch, ...]` each.

    Raises:
        tf.errors.InvalidArgumentError: If the inputs are of different batches.
    """
    if all(entry.default is None for entry in entries):
        return inputs
    sizes = {name: tf.shape(values)[0] for name, values in inputs.items()}
    needed = [sizes[entry.name] for entry in entries if entry.default is None]
    batch = needed[0] if needed else tf.reduce_max(tf.stack(list(sizes.values())))
    spread_out = {}
    for entry in entries:
        size = sizes[entry.name]
        is_default = tf.equal(size, 1) & (entry.default is not None)
        fits = tf.debugging.Assert(
            tf.equal(size, batch) | is_default,
            [f"input {entry.name}: expected as many examples as the other inputs have, or one"],
        )
        with tf.control_dependencies([fits]):
            times = tf.where(is_default, batch, 1)
            rest = tf.ones([len(entry.shape)], tf.int32)
            multiples = tf.concat([times[None], rest], axis=0)
            spread_out[entry.name] = tf.tile(inputs[entry.name], multiples)
    return spread_out


def declare(saved_model_dir: str, signature: str, entries: Sequence[Field]) -> None:
    """Writes into a SavedModel's signature what `tf.saved_model.save` cannot.

    That is defaults, of which it knows those of positional parameters only, and names that no
    argument of Python's may have: `trace` was given `safe_argument` of them.

    Args:
        saved_model_dir: Changed in place.
        signature: The signature's key.
        entries: Its inputs.
    """
    path = os.path.join(saved_model_dir, "saved_model.pb")
    saved_model = saved_model_pb2.SavedModel()
    with tf.io.gfile.GFile(path, "rb") as file:
        saved_model.ParseFromString(file.read())
    for graph in saved_model.meta_graphs:
        definition = graph.signature_def[signature]
        for entry in entries:
            argument = safe_argument(entry.name)
            if argument != entry.name:
                definition.inputs[entry.name].CopyFrom(definition.inputs.pop(argument))
            if entry.default is not None:
                default = tf.make_tensor_proto(default_tensor(entry))
                definition.defaults[entry.name].CopyFrom(default)
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(saved_model.SerializeToString(deterministic=True))
