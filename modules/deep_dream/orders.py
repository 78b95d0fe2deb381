"""deep_dream: what a request orders of a model's own layers, checked in the graph."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from modules.common.graph.checks import check
from modules.common.graph.tensors import Tensors
from modules.deep_dream.dream import Recipe
from modules.deep_dream.layers import NUMBER


def recipe(raw: Tensors, layers: Sequence[tuple[str, int]], usual: Sequence[float]) -> Recipe:
    """Reads the settings of a batch, and checks those that depend on the model's layers.

    Args:
        raw: The task's serving inputs but for `image`, `[batch, ...]` each, within their bounds.
        layers: Name and channels of each layer, shallow to deep.
        usual: The layers' weights where a request names none.

    Returns:
        The recipes of the batch.

    Raises:
        tf.errors.InvalidArgumentError: If a layer or a channel is not there.
    """
    weights = _layer_weights(raw["layers"], raw["layer_weights"], [n for n, _ in layers], usual)
    channel = _check_channel(raw["channel"], weights, layers)
    return Recipe(
        layer_weights=weights,
        channel=channel,
        octaves=raw["octaves"],
        octave_scale=raw["octave_scale"],
        iterations=raw["iterations"],
        step=raw["step"],
        seed=raw["seed"],
    )


def _check_channel(
    channel: tf.Tensor, weights: tf.Tensor, layers: Sequence[tuple[str, int]]
) -> tf.Tensor:
    """Checks the channel against the layer of the fewest channels that has a weight."""
    channels = tf.constant([count for _, count in layers], tf.int64)
    shared = tf.reduce_min(tf.where(weights != 0, channels, tf.int64.max), axis=-1)
    message = tf.strings.join(
        [
            "channel: expected -1, for all, or a channel that each chosen layer has, 0 to ",
            tf.strings.as_string(tf.reduce_min(shared) - 1),
        ]
    )
    fits = (channel >= -1) & (channel < shared)
    return check(channel, tf.reduce_all(fits), message)


def _layer_weights(
    texts: tf.Tensor, given: tf.Tensor, names: Sequence[str], usual: Sequence[float]
) -> tf.Tensor:
    """Takes the weights from the text, or else the numbers, or else what is usual.

    Args:
        texts: `name=weight,name`, string `[batch]`; empty where it says nothing.
        given: float32 `[batch, layers]`, or `[batch, 0]` where it says nothing.
        names: The layers.
        usual: A weight for each.

    Returns:
        float32 `[batch, layers]`.
    """
    count = tf.shape(given)[1]
    listed = ", ".join(names)
    given = check(
        given,
        (count == 0) | (count == len(names)),
        f"layer_weights: expected none, or a number for each of the {len(names)} layers, {listed}",
    )
    is_text = tf.strings.length(texts) > 0
    given = check(
        given,
        (count == 0) | ~tf.reduce_any(is_text),
        "expected layers or layer_weights, found both",
    )
    numbers = tf.cond(
        count == 0,
        lambda: tf.tile(tf.constant([list(usual)], tf.float32), [tf.shape(texts)[0], 1]),
        lambda: given,
    )
    parsed = tf.map_fn(
        lambda text: tf.cond(
            tf.strings.length(text) > 0,
            lambda: _parsed(text, names),
            lambda: tf.zeros([len(names)]),
        ),
        texts,
        fn_output_signature=tf.TensorSpec([len(names)], tf.float32),
    )
    weights = tf.where(is_text[:, None], parsed, numbers)
    weights = tf.ensure_shape(weights, [None, len(names)])
    fits = tf.reduce_all(tf.math.is_finite(weights)) & tf.reduce_all(
        tf.reduce_any(weights != 0, axis=-1)
    )
    return check(
        weights, fits, f"expected finite weights that are not all 0, of the layers {listed}"
    )


def _parsed(text: tf.Tensor, names: Sequence[str]) -> tf.Tensor:
    """Reads `name=weight,name`, string scalar, to weights, float32 `[layers]`."""
    # An error message must be UTF-8.
    text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8")
    entries = tf.strings.strip(tf.strings.split(text, ","))
    asked = tf.strings.regex_replace(entries, r"(?s)\s*=.*", "")
    has_weight = tf.strings.regex_full_match(entries, r"(?s)[^=]*=.*")
    numbers = tf.strings.regex_replace(entries, r"(?s)^[^=]*=\s*", "")
    numbers = tf.where(has_weight, numbers, "1")
    is_layer = tf.equal(asked[:, None], tf.constant(list(names)))  # [entries, layers]
    is_known = tf.reduce_any(is_layer, axis=-1)
    unknown = tf.strings.reduce_join(asked[~is_known], separator=", ")
    listed = ", ".join(names)
    is_layer = check(
        is_layer,
        tf.reduce_all(is_known),
        tf.strings.join(["layers: there is no ", unknown, f"; the layers are {listed}"]),
    )
    are_numbers = tf.strings.regex_full_match(numbers, NUMBER)
    no_numbers = tf.strings.reduce_join(entries[~are_numbers], separator=", ")
    is_layer = check(
        is_layer,
        tf.reduce_all(are_numbers),
        tf.strings.join(["layers: expected name=weight, a number, found ", no_numbers]),
    )
    weights = tf.strings.to_number(tf.where(are_numbers, numbers, "0"))
    return tf.reduce_sum(tf.cast(is_layer, tf.float32) * weights[:, None], axis=0)
