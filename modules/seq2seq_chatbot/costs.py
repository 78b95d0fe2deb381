"""seq2seq_chatbot: what characters cost, in memory that does not grow with batch or vocabulary.

A number for every character of the vocabulary at every place of a batch is by far the largest
tensor of training, and the loss and its gradient want several of them. Here a few places at a time
are compared with the vocabulary, and forgotten; going back they are compared once more.

Source: T. Chen et al., "Training Deep Nets with Sublinear Memory Cost" (2016), for computing anew
on the way back what would take too much to keep.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

PIECE_BYTES = 2**24
"""Of the comparisons of a piece, float32."""
SIZE_STEP = 128
"""Of how many places the size of a piece is a multiple."""


@tf.custom_gradient
def costs(
    wanted: tf.Tensor, vectors: tf.Tensor, bias: tf.Tensor, ids: tf.Tensor
) -> tuple[tf.Tensor, Callable[..., tuple[tf.Tensor | None, ...]]]:
    """Negative log-likelihood of each character, by the softmax over all.

    Args:
        wanted: What is compared, floats `[places, units]`.
        vectors: Those of the characters, of the same type, `[symbols, units]`.
        bias: float32 `[symbols]`.
        ids: The characters, integers `[places]`.

    Returns:
        float32 `[places]`, in nats; and what TensorFlow asks for to go back.
    """
    places, symbols = tf.shape(wanted)[0], tf.shape(vectors)[0]
    pieces = tf.maximum(-(-places * symbols // (PIECE_BYTES // 4)), 1)
    # Few sizes: TensorFlow compiles a product for each size that it meets, and keeps it.
    size = _round_up(_round_up(places, pieces) // pieces, SIZE_STEP)
    rest = pieces * size - places
    filled, chosen = tf.pad(wanted, [(0, rest), (0, 0)]), tf.pad(ids, [(0, rest)])

    def piece(begin: tf.Tensor) -> tuple[slice, tf.Tensor]:
        part = slice(begin, begin + size)
        logits = tf.matmul(filled[part], vectors, transpose_b=True)
        return part, tf.cast(logits, tf.float32) + bias

    def forward(begin: tf.Tensor, number: tf.Tensor, found: tf.TensorArray) -> tuple:
        part, logits = piece(begin)
        nats = tf.nn.sparse_softmax_cross_entropy_with_logits(chosen[part], logits)
        return begin + size, number + 1, found.write(number, nats)

    def back(upstream: tf.Tensor) -> tuple[tf.Tensor | None, ...]:
        filled_upstream = tf.pad(upstream, [(0, rest)])

        def step(
            begin: tf.Tensor,
            number: tf.Tensor,
            of_wanted: tf.TensorArray,
            of_vectors: tf.Tensor,
            of_bias: tf.Tensor,
        ) -> tuple:
            part, logits = piece(begin)
            # What the function of `forward` is made of; this one gives the slopes too.
            _, slopes = tf.raw_ops.SparseSoftmaxCrossEntropyWithLogits(
                features=logits, labels=chosen[part]
            )
            slopes *= filled_upstream[part][:, None]
            of_bias += tf.reduce_sum(slopes, axis=0)
            slopes = tf.cast(slopes, wanted.dtype)
            of_wanted = of_wanted.write(number, tf.matmul(slopes, vectors))
            of_vectors += tf.cast(tf.matmul(slopes, filled[part], transpose_a=True), tf.float32)
            return begin + size, number + 1, of_wanted, of_vectors, of_bias

        rows = _rows(wanted.dtype, [None, wanted.shape[1]])
        sums = tf.zeros(tf.shape(vectors)), tf.zeros(tf.shape(bias))
        _, _, parts, of_vectors, of_bias = _loop(step, places, (rows, *sums))
        return parts.concat()[:places], tf.cast(of_vectors, vectors.dtype), of_bias, None

    _, _, found = _loop(forward, places, (_rows(tf.float32, [None]),))
    return found.concat()[:places], back


def _round_up(count: tf.Tensor, step: tf.Tensor | int) -> tf.Tensor:
    return -(-count // step) * step


def _rows(dtype: tf.DType, shape: list[int | None]) -> tf.TensorArray:
    return tf.TensorArray(dtype, size=0, dynamic_size=True, infer_shape=False, element_shape=shape)


def _loop(step: Callable[..., tuple], places: tf.Tensor, state: tuple) -> tuple:
    """Runs over pieces, one after the other."""
    return tf.while_loop(
        lambda begin, *_: begin < places,
        step,
        (tf.constant(0), tf.constant(0), *state),
        parallel_iterations=1,
    )
