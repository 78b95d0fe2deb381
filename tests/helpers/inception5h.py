"""A frozen graph with the layers of inception5h, by their names and sizes, its weights random.

The published file, `tensorflow_inception_graph.pb`, is GoogLeNet as TensorFlow's first "deepdream"
tutorial used it. As there: operations of TensorFlow's first release, such as `Concat` with its axis
in front; a convolution `<layer>_pre_relu/conv`, its bias added in `<layer>_pre_relu`, its ReLU
`<layer>`; and classifiers that take pictures of 224 pixels only.

Source: C. Szegedy et al., "Going Deeper with Convolutions" (2015), table 1, with 204 maps for 208
in mixed4a; and the names that the tutorial prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1

# Maps of 1x1; 3x3 after its bottleneck; 5x5 after its bottleneck; 1x1 after pooling.
MIXED = {
    "mixed3a": (64, 96, 128, 16, 32, 32),
    "mixed3b": (128, 128, 192, 32, 96, 64),
    "mixed4a": (192, 96, 204, 16, 48, 64),
    "mixed4b": (160, 112, 224, 24, 64, 64),
    "mixed4c": (128, 128, 256, 24, 64, 64),
    "mixed4d": (112, 144, 288, 32, 64, 64),
    "mixed4e": (256, 160, 320, 32, 128, 128),
    "mixed5a": (256, 160, 320, 48, 128, 128),
    "mixed5b": (384, 192, 384, 48, 128, 128),
}
_POOLED_BEFORE = {"mixed4a": "maxpool4", "mixed5a": "maxpool10"}
_HEADS = {"mixed4a": 0, "mixed4d": 1}
_CLASSES = 1008


class _Drawer:
    """Adds layers to the graph that is being made."""

    def __init__(self, seed: int, share: float) -> None:
        self._rng = np.random.default_rng(seed)
        self._share = share

    def count(self, maps: int) -> int:
        """Channels of a layer that has so many in the published graph."""
        return max(1, round(self._share * maps))

    def weights(self, name: str, *shape: int) -> tf.Tensor:
        scale = np.sqrt(2 / np.prod(shape[:-1]))
        return v1.constant(self._rng.normal(0, scale, shape).astype(np.float32), name=f"{name}_w")

    def bias(self, name: str, units: int) -> tf.Tensor:
        return v1.constant(self._rng.normal(0, 0.1, units).astype(np.float32), name=f"{name}_b")

    def convolution(
        self, hidden: tf.Tensor, name: str, maps: int, px: int, stride: int = 1
    ) -> tf.Tensor:
        maps = self.count(maps)
        kernel = self.weights(name, px, px, hidden.shape[-1] if hidden.shape.rank else 3, maps)
        bias = self.bias(name, maps)
        made = v1.nn.conv2d(
            hidden, kernel, [1, stride, stride, 1], "SAME", name=f"{name}_pre_relu/conv"
        )
        return v1.nn.relu(v1.nn.bias_add(made, bias, name=f"{name}_pre_relu"), name=name)

    def mixed(self, hidden: tf.Tensor, name: str) -> tf.Tensor:
        ones, threes_in, threes, fives_in, fives, pooled = MIXED[name]
        first = self.convolution(hidden, f"{name}_1x1", ones, 1)
        third = self.convolution(hidden, f"{name}_3x3_bottleneck", threes_in, 1)
        third = self.convolution(third, f"{name}_3x3", threes, 3)
        fifth = self.convolution(hidden, f"{name}_5x5_bottleneck", fives_in, 1)
        fifth = self.convolution(fifth, f"{name}_5x5", fives, 5)
        last = v1.nn.max_pool(hidden, 3, 1, "SAME", name=f"{name}_pool")
        last = self.convolution(last, f"{name}_pool_reduce", pooled, 1)
        axis = v1.constant(3, name=f"{name}/concat_dim")
        return tf.raw_ops.Concat(concat_dim=axis, values=[first, third, fifth, last], name=name)

    def dense(self, hidden: tf.Tensor, name: str, units: int, relu: str = "") -> tf.Tensor:
        kernel, bias = self.weights(name, hidden.shape[-1], units), self.bias(name, units)
        rows = v1.matmul(hidden, kernel, name=f"{name}{relu or '_pre_activation'}/matmul")
        return v1.nn.bias_add(rows, bias, name=f"{name}{relu or '_pre_activation'}")

    def head(self, hidden: tf.Tensor, number: int) -> None:
        pooled = v1.nn.avg_pool(hidden, 5, 3, "VALID", name=f"head{number}_pool")
        made = self.convolution(pooled, f"head{number}_bottleneck", 128, 1)
        flat = v1.reshape(made, [-1, 16 * self.count(128)], name=f"head{number}_bottleneck/reshape")
        units = v1.nn.relu(self.dense(flat, f"nn{number}", 1024, "_pre_relu"), name=f"nn{number}")
        v1.nn.softmax(self.dense(units, f"softmax{number}", _CLASSES), name=f"softmax{number}")


def write_graph(
    path: Path, seed: int = 1, share: float = 1.0, blocks: Sequence[str] = tuple(MIXED)
) -> None:
    """Writes the graph.

    Args:
        path: The `.pb` file; 53 MB at full width.
        seed: Of the weights.
        share: Channels of each layer, as a fraction of the published ones.
        blocks: Those of `MIXED` that it has.
    """
    draw = _Drawer(seed, share)
    with tf.Graph().as_default() as graph:
        image = v1.placeholder(tf.float32, name="input")
        hidden = draw.convolution(image, "conv2d0", 64, 7, stride=2)
        hidden = v1.nn.max_pool(hidden, 3, 2, "SAME", name="maxpool0")
        hidden = v1.nn.lrn(hidden, 2, 1.0, 2e-5, 0.75, name="localresponsenorm0")
        hidden = draw.convolution(hidden, "conv2d1", 64, 1)
        hidden = draw.convolution(hidden, "conv2d2", 192, 3)
        hidden = v1.nn.lrn(hidden, 2, 1.0, 2e-5, 0.75, name="localresponsenorm1")
        hidden = v1.nn.max_pool(hidden, 3, 2, "SAME", name="maxpool1")
        for name in blocks:
            if name in _POOLED_BEFORE:
                hidden = v1.nn.max_pool(hidden, 3, 2, "SAME", name=_POOLED_BEFORE[name])
            hidden = draw.mixed(hidden, name)
            if name in _HEADS:
                draw.head(hidden, _HEADS[name])
        pooled = v1.nn.avg_pool(hidden, 7, 1, "VALID", name="avgpool0")
        flat = v1.reshape(pooled, [-1, hidden.shape[-1]], name="avgpool0/reshape")
        v1.nn.softmax(draw.dense(flat, "softmax2", _CLASSES), name="softmax2")
    path.write_bytes(graph.as_graph_def().SerializeToString())
