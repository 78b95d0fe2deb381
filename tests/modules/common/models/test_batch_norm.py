"""Fused batch normalization beside Keras' own layer: outputs, gradients, and what is remembered."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from modules.common.models.batch_norm import BatchNormalization

_SHAPES = [(4, 5, 7, 3), (6, 11, 2), (1, 1, 1, 2), (8, 3)]


def _train(
    layer: keras.layers.BatchNormalization, values: tf.Tensor, wanted: tf.Tensor, mask: object
) -> list[np.ndarray]:
    """Gives outputs, gradients by inputs and weights, and all weights after a training step."""
    layer.build(values.shape)
    for number, weight in enumerate(layer.trainable_variables):
        weight.assign(np.linspace(0.5, 1.5 + number, values.shape[-1], dtype="float32"))
    given = {} if mask is None else {"mask": mask}
    with tf.GradientTape() as tape:
        tape.watch(values)
        outputs = layer(values, training=True, **given)
        loss = tf.reduce_sum(tf.cast(outputs, "float32") * wanted)
    sources = [values, *[weight.value for weight in layer.trainable_variables]]
    found = [outputs, *tape.gradient(loss, sources), *[each.value for each in layer.variables]]
    return [tf.cast(each, "float32").numpy() for each in found]


def _draw(shape: tuple[int, ...]) -> tuple[tf.Tensor, tf.Tensor]:
    rng = np.random.default_rng(3)
    values, wanted = 5 + 2 * rng.standard_normal((2, *shape))
    return tf.constant(values, tf.float32), tf.constant(wanted, tf.float32)


@pytest.mark.parametrize("shape", _SHAPES)
@pytest.mark.parametrize("options", [{}, {"center": False, "scale": False}, {"momentum": 0.6}])
def test_it_does_what_keras_layer_does(shape: tuple[int, ...], options: dict[str, object]) -> None:
    values, wanted = _draw(shape)
    ours = _train(BatchNormalization(**options), values, wanted, None)
    theirs = _train(keras.layers.BatchNormalization(**options), values, wanted, None)
    for found, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_what_a_mask_leaves_out_does_not_count() -> None:
    values, wanted = _draw((6, 11, 2))
    mask = tf.sequence_mask([11, 3, 1, 8, 5, 11], 11)
    ours = _train(BatchNormalization(), values, wanted, mask)
    theirs = _train(keras.layers.BatchNormalization(), values, wanted, mask)
    for found, expected in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_bfloat16_stays_bfloat16_and_what_is_remembered_is_float32() -> None:
    values, _ = _draw((4, 5, 7, 3))
    layer = BatchNormalization(dtype="mixed_bfloat16")
    outputs = layer(values, training=True)
    assert outputs.dtype == tf.bfloat16
    assert {weight.dtype for weight in layer.variables} == {"float32"}
    np.testing.assert_allclose(tf.cast(outputs, tf.float32), _normalize(values), atol=0.05)


def test_gradients_in_bfloat16_are_those_of_float32() -> None:
    values, wanted = _draw((16, 5, 7, 3))
    values = tf.cast(tf.cast(values, tf.bfloat16), tf.float32)
    ours = _train(BatchNormalization(dtype="mixed_bfloat16"), values, wanted - 5, None)
    theirs = _train(keras.layers.BatchNormalization(), values, wanted - 5, None)
    for found, expected in zip(ours, theirs, strict=True):
        # bfloat16 has eight bits of precision.
        widest = np.abs(expected).max()
        np.testing.assert_allclose(found, expected, atol=2**-6 * widest)


def _normalize(values: tf.Tensor) -> np.ndarray:
    """Normalizes by NumPy, in float64."""
    given = values.numpy().astype("float64")
    axes = tuple(range(given.ndim - 1))
    return (given - given.mean(axes)) / np.sqrt(given.var(axes) + 1e-3)


def test_it_is_fused_where_it_can_be() -> None:
    def operations(layer: keras.layers.Layer, training: bool) -> set[str]:
        graph = tf.function(lambda x: layer(x, training=training)).get_concrete_function(
            tf.TensorSpec([2, 3, 3, 4])
        )
        return {operation.type for operation in graph.graph.get_operations()}

    layer = BatchNormalization()
    assert "FusedBatchNormV3" in operations(layer, True)
    assert "FusedBatchNormV3" not in operations(layer, False)
    layer.is_fused = False
    assert "FusedBatchNormV3" not in operations(layer, True)
    frozen = BatchNormalization(trainable=False)
    assert "FusedBatchNormV3" not in operations(frozen, True)
