"""seq2seq_chatbot's attention of many heads, against NumPy and against Keras' own."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from modules.seq2seq_chatbot.transformer_layers import FURTHEST, Attention, Distances


def test_attention_is_that_of_keras() -> None:
    """Keras' multi-head attention, given the same products and no biases."""
    units, heads = 8, 2
    keras.utils.set_random_seed(1)
    ours = Attention(units, heads, "ours")
    asking, looked_at = (tf.random.normal([3, places, units]) for places in (4, 6))
    may_see = np.random.default_rng(1).random((3, 4, 6)) < 0.7
    may_see[..., 0] = True
    ours.build((None, None, units))
    fit = tf.where(may_see[:, None], 0.0, -1e9)
    found = ours(asking, *ours.look_at(looked_at), fit)

    known = keras.layers.MultiHeadAttention(heads, units // heads, use_bias=False)
    known.build((None, None, units), (None, None, units), (None, None, units))
    kernels = {weights.name: weights.numpy() for weights in ours.weights}
    apart = [kernels[name].reshape(units, heads, -1) for name in ("asking", "keys", "values")]
    known.set_weights([*apart, kernels["together"].reshape(heads, -1, units)])
    wanted = known(asking, looked_at, looked_at, attention_mask=may_see)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_distances_are_the_same_from_everywhere_and_end_somewhere() -> None:
    rng = np.random.default_rng(2)
    for looks_back in (False, True):
        layer = Distances(3, looks_back=looks_back)
        places = 2 * FURTHEST
        layer.build((None, places, 8))
        table = rng.normal(size=(2 * FURTHEST + 1, 3))
        layer.table.assign(table)
        found = layer(tf.zeros([1, places, 8])).numpy()[0]
        for asking, looked_at in [(0, 0), (5, 3), (50, 48), (3, 5), (60, 2), (2, 60)]:
            if looks_back and looked_at > asking:
                assert (found[:, asking, looked_at] < -1e8).all()
                continue
            apart = max(-FURTHEST, min(FURTHEST, looked_at - asking))
            np.testing.assert_allclose(
                found[:, asking, looked_at], table[apart + FURTHEST], rtol=1e-5
            )
