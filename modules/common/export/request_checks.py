"""What a request may hold, checked in the graph by the declaration of its fields.

Whoever runs the model refuses alike: the embedded server, TensorFlow Serving, or a program that
loads the SavedModel.
"""

from __future__ import annotations

import functools

import tensorflow as tf

from modules.common.declaring.fields import Field, Serving
from modules.common.export import optional_inputs
from modules.common.graph.checks import check, check_each
from modules.common.graph.tensors import Tensors


def prepare_request(inputs: Tensors, serving: Serving) -> Tensors:
    """Checks a request and repeats what was left out for each of its examples.

    Args:
        inputs: The inputs of `serving`, `[batch, ...]` each, or `[1, ...]` where there is a
            default.
        serving: The declaration.

    Returns:
        `[batch, ...]` each.

    Raises:
        tf.errors.InvalidArgumentError: If there are too many examples, they are of different
            numbers, or a value is not what its field says.
    """
    counted = check_count(inputs, serving.max_examples)
    checked = {field.name: check_field(counted[field.name], field) for field in serving.inputs}
    return optional_inputs.spread(checked, serving.inputs)


def check_count(inputs: Tensors, max_examples: int) -> Tensors:
    """Gives the inputs of a request that has few enough examples.

    Args:
        inputs: `[batch, ...]` each.
        max_examples: Most examples in a request.

    Raises:
        tf.errors.InvalidArgumentError: Says how many there may be, and how many there are.
    """
    rows = tf.reduce_max(tf.stack([tf.shape(values)[0] for values in inputs.values()]))
    message = tf.strings.join(
        [
            f"this model takes at most {max_examples} examples in a request, got ",
            tf.strings.as_string(rows),
            "; send them in several requests",
        ]
    )
    with tf.control_dependencies([check(rows, rows <= max_examples, message)]):
        return {name: tf.identity(values) for name, values in inputs.items()}


def check_field(values: tf.Tensor, field: Field) -> tf.Tensor:
    """Gives an input whose values are what its field says.

    A text's characters are not counted: which of them count, only its task knows.

    Args:
        values: `[batch, ...]`, or `[1, ...]` of a default.
        field: The input's declaration.

    Raises:
        tf.errors.InvalidArgumentError: Says what was expected and what was found.
    """
    checks = []
    if field.min_items and None in field.shape:
        items = tf.shape(values)[1 + field.shape.index(None)][None]
        wanted = f"{field.name}: expected {field.min_items} values or more"
        checks.append(check_each(wanted, items, items >= field.min_items))
    fits = _fitting(values, field)
    if fits is not None:
        # An error message must be UTF-8.
        is_text = values.dtype == tf.string
        said = tf.strings.unicode_transcode(values, "UTF-8", "UTF-8") if is_text else values
        checks.append(check_each(f"{field.name}: expected {field.expected}", said, fits))
    with tf.control_dependencies(checks):
        return tf.identity(values)


def _fitting(values: tf.Tensor, field: Field) -> tf.Tensor | None:
    """Tells which values fit, bool of their shape; `None` where any would."""
    if field.choices:
        chosen = tf.constant(field.choices, values.dtype)
        return tf.reduce_any(values[..., None] == chosen, axis=-1)
    if not field.is_number:
        return None
    conditions: list[tf.Tensor] = []
    if field.dtype == "float32":
        # A comparison with what is no number is false, but there may be none to make.
        conditions.append(tf.math.is_finite(values))
    for bound, holds in (
        (field.at_least, tf.greater_equal),
        (field.above, tf.greater),
        (field.at_most, tf.less_equal),
        (field.below, tf.less),
    ):
        if bound is not None:
            typed = int(bound) if values.dtype.is_integer else bound
            conditions.append(holds(values, tf.constant(typed, values.dtype)))
    return functools.reduce(tf.logical_and, conditions) if conditions else None
