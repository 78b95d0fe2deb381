"""A frozen TensorFlow 1 graph, such as inception5h, as a Keras layer.

The graph becomes a function of its picture; its weights are constants in it, so it is saved with
whatever holds it, and gradients run through it to the picture.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from modules.common.runtime.errors import DataError

# inception5h takes red, green and blue from which this was subtracted.
_MEAN = 117.0
_STAGE_OPERATIONS = ("Conv2D", "Concat", "ConcatV2")


def frozen_graph(image: keras.KerasTensor, path: str) -> dict[str, keras.KerasTensor]:
    """Applies a frozen graph.

    Args:
        image: Red, green and blue, float32 `[batch, h, w, 3]` in 0..255.
        path: A `.pb` file that holds a GraphDef.

    Returns:
        Name of each convolution and concatenation that depends on the picture, shallow to deep,
        to its feature map. A `/` in a name becomes `_`.

    Raises:
        DataError: If the file is no such graph.
    """
    stages: dict[str, keras.KerasTensor] = FrozenGraph(path, name="frozen_graph")(image - _MEAN)
    return stages


class FrozenGraph(keras.layers.Layer):
    """Computes the stages of a frozen graph; it has no weights of Keras' own."""

    def __init__(self, path: str, **options: str) -> None:
        """Reads the graph.

        Args:
            path: The `.pb` file.
            **options: As for every layer.

        Raises:
            DataError: If it is not a GraphDef with one picture as its input.
        """
        super().__init__(dtype="float32", trainable=False, **options)
        graph = _read(path)
        source = _input_name(graph, path)
        imported = tf.compat.v1.wrap_function(
            lambda: tf.compat.v1.import_graph_def(graph, name=""), []
        )
        found = {
            name.replace("/", "_"): imported.graph.get_tensor_by_name(f"{name}:0")
            for name in _stage_names(graph, source)
        }
        if not found:
            raise DataError(f"{path} has no convolution that depends on its input {source!r}")
        self._names = list(found)
        feed = imported.graph.get_tensor_by_name(f"{source}:0")
        self._function = imported.prune(feed, list(found.values()))
        self._channels = [tensor.shape[-1] for tensor in found.values()]

    def call(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        """Computes the stages of pictures that are prepared as the graph expects."""
        return dict(zip(self._names, self._function(image), strict=True))

    def compute_output_spec(self, image: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
        """Says the channels; the sizes depend on the picture."""
        return {
            name: keras.KerasTensor((image.shape[0], None, None, channels), "float32")
            for name, channels in zip(self._names, self._channels, strict=True)
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
    """Names of convolutions and concatenations of maps that come from `source`, in order."""
    depends = {source}
    constants = {node.name: node for node in graph.node if node.op == "Const"}
    for node in graph.node:
        inputs = [name.partition(":")[0].lstrip("^") for name in node.input]
        if depends.isdisjoint(inputs):
            continue
        depends.add(node.name)
        if node.op == "Conv2D" or (
            node.op in _STAGE_OPERATIONS and _joins_channels(node, inputs, constants)
        ):
            yield node.name


def _joins_channels(
    node: tf.compat.v1.NodeDef, inputs: list[str], constants: dict[str, tf.compat.v1.NodeDef]
) -> bool:
    """Whether a concatenation is of the channels of `[batch, h, w, c]`."""
    axis = constants.get(inputs[0] if node.op == "Concat" else inputs[-1])
    if axis is None:
        return False
    return int(np.squeeze(tf.make_ndarray(axis.attr["value"].tensor))) in (3, -1)
