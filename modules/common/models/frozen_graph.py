"""A frozen TensorFlow 1 graph, such as inception5h, as a Keras layer.

The graph becomes a function of its picture; its weights are constants in it, so it is saved with
whatever holds it, and gradients run through it to the picture.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from modules.common.runtime.errors import DataError

# inception5h takes red, green and blue from which this was subtracted.
_MEAN = 117.0
# What makes feature maps of a picture or of other maps.
_STAGE_OPERATIONS = frozenset(
    (
        *("Conv2D", "DepthwiseConv2dNative", "BiasAdd", "Concat", "ConcatV2", "Add", "AddV2"),
        *("FusedBatchNorm", "FusedBatchNormV3", "Relu", "Relu6", "MaxPool", "AvgPool", "LRN"),
    )
)
_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
# A mean over so many pixels is what a classifier takes of pictures of one size.
_CLASSIFIER_PX = 5


def frozen_graph(image: keras.KerasTensor, path: str) -> dict[str, keras.KerasTensor]:
    """Applies a frozen graph.

    Args:
        image: Red, green and blue, float32 `[batch, h, w, 3]` in 0..255.
        path: A `.pb` file that holds a GraphDef.

    Returns:
        Name of each operation that makes feature maps of the picture, in the order of the file,
        shallow to deep, to those maps. A `/` in a name becomes `_`. Of a convolution with a bias
        the sum alone is listed; classifiers, which take pictures of one size, are not.

    Raises:
        DataError: If the file is no such graph.
    """
    return apply(FrozenGraph(path), image)


def apply(graph: FrozenGraph, image: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    """Applies a graph that was read to pictures as `frozen_graph` takes them."""
    stages: dict[str, keras.KerasTensor] = graph(image - _MEAN)
    return stages


class FrozenGraph(keras.layers.Layer):
    """Computes the stages of a frozen graph; it has no weights of Keras' own."""

    def __init__(self, path: str, only: Sequence[str] = ()) -> None:
        """Reads the graph.

        Args:
            path: The `.pb` file.
            only: Stages that are computed, and nothing that they do not need; empty for all.

        Raises:
            DataError: If it is not a GraphDef with one picture as its input.
        """
        super().__init__(dtype="float32", trainable=False, name="frozen_graph")
        self.file = path
        graph = _read(path)
        source = _input_name(graph, path)
        imported = tf.compat.v1.wrap_function(
            lambda: tf.compat.v1.import_graph_def(graph, name=""), []
        )
        found = _find_maps(imported.graph, _stage_names(graph, source))
        if not found:
            raise DataError(f"{path} has no convolution that depends on its input {source!r}")
        self._names = list(only or found)
        chosen = [found[name] for name in self._names]
        feed = imported.graph.get_tensor_by_name(f"{source}:0")
        self._function = imported.prune(feed, chosen)
        self._channels = [tensor.shape[-1] for tensor in chosen]

    def call(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Computes the stages of pictures that are prepared as the graph expects."""
        return dict(zip(self._names, self._function(image), strict=True))

    def compute_output_spec(self, image: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        """Says the channels; the sizes depend on the picture."""
        return {
            name: keras.KerasTensor((image.shape[0], None, None, channels), "float32")
            for name, channels in zip(self._names, self._channels, strict=True)
        }


def _find_maps(graph: tf.Graph, names: Iterator[str]) -> dict[str, tf.Tensor]:
    """Gives the tensors of those names that are `[batch, h, w, channels]`, channels known."""
    tensors = {name.replace("/", "_"): graph.get_tensor_by_name(f"{name}:0") for name in names}
    return {
        name: tensor
        for name, tensor in tensors.items()
        if tensor.shape.rank == 4 and tensor.shape[-1] is not None
    }


def _read(path: str) -> tf.compat.v1.GraphDef:
    graph = tf.compat.v1.GraphDef()
    with tf.io.gfile.GFile(path, "rb") as file:
        content = file.read()
    try:
        # It stops at what it cannot make out, some of it with no more than a warning.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            is_graph = graph.MergeFromString(content) == len(content) and graph.node
    except DecodeError:
        is_graph = False
    if not is_graph:
        raise DataError(
            f"expected a frozen TensorFlow graph (.pb, a GraphDef), found that {path} is none"
        )
    return graph


def _input_name(graph: tf.compat.v1.GraphDef, path: str) -> str:
    names = [node.name for node in graph.node if node.op == "Placeholder"]
    if len(names) != 1:
        raise DataError(
            f"expected one placeholder in {path}, for the picture, "
            f"found {', '.join(names) or 'none'}"
        )
    return names[0]


def _stage_names(graph: tf.compat.v1.GraphDef, source: str) -> Iterator[str]:
    """Names of operations that make maps of what comes from `source`, in order."""
    depends = {source}
    constants = {node.name: node for node in graph.node if node.op == "Const"}
    with_bias = {_inputs_of(node)[0] for node in graph.node if node.op == "BiasAdd" and node.input}
    for node in graph.node:
        inputs = _inputs_of(node)
        if depends.isdisjoint(inputs) or _begins_classifier(node):
            continue
        depends.add(node.name)
        if node.op not in _STAGE_OPERATIONS:
            continue
        if node.op in _CONVOLUTIONS and node.name in with_bias:
            continue
        if not node.op.startswith("Concat") or _joins_channels(node, inputs, constants):
            yield node.name


def _inputs_of(node: tf.compat.v1.NodeDef) -> list[str]:
    """Names of the operations that a node reads."""
    return [name.partition(":")[0].lstrip("^") for name in node.input]


def _begins_classifier(node: tf.compat.v1.NodeDef) -> bool:
    """Whether a node is a mean over a large window without padding."""
    return (
        node.op == "AvgPool"
        and node.attr["padding"].s == b"VALID"
        and max(node.attr["ksize"].list.i) >= _CLASSIFIER_PX
    )


def _joins_channels(
    node: tf.compat.v1.NodeDef, inputs: list[str], constants: Mapping[str, tf.compat.v1.NodeDef]
) -> bool:
    """Whether a concatenation is of the channels of `[batch, h, w, c]`."""
    axis = constants.get(inputs[0] if node.op == "Concat" else inputs[-1])
    if axis is None:
        return False
    return int(np.squeeze(tf.make_ndarray(axis.attr["value"].tensor))) in (3, -1)
