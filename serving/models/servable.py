"""One loaded SavedModel: its signatures, what they take, and running them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from modules.common.plain_paths import PlainPaths
from modules.common.stack import allow_keywords_as_inputs, safe_argument
from serving import errors
from serving.calls import tensors

SERVE_TAG = "serve"
DEFAULT_SIGNATURE = "serving_default"
Arrays = dict[str, np.ndarray]


class Signature:
    """A signature that can be run.

    Attributes:
        name: Its key in the SavedModel.
        definition: Its SignatureDef.
        is_batchable: Whether requests may be merged along the first dimension. Starts as what
            the declared shapes allow and turns False if a run shows otherwise.
    """

    def __init__(
        self,
        name: str,
        definition: meta_graph_pb2.SignatureDef,
        function: Any,
    ) -> None:
        """Reads the declared shapes and dtypes."""
        self.name = name
        self.definition = definition
        self._function = function
        self._dims = {
            alias: tensors.proto_dims(info.tensor_shape)
            for alias, info in definition.inputs.items()
        }
        taken = function.structured_input_signature[1]
        self._arguments = {
            alias: alias if alias in taken else safe_argument(alias) for alias in definition.inputs
        }
        feeds = sorted((info.name, alias) for alias, info in definition.inputs.items())
        self._argument_index = {alias: index for index, (_, alias) in enumerate(feeds)}
        self.is_batchable = bool(definition.inputs) and all(
            dims is not None and dims and dims[0] < 0
            for dims in (*self._dims.values(), *self._output_dims())
        )

    def _output_dims(self) -> list[tuple[int, ...] | None]:
        # An output of unknown rank is given the benefit of the doubt: a run will tell.
        dims = [tensors.proto_dims(info.tensor_shape) for info in self.definition.outputs.values()]
        return [(-1,) if size is None else size for size in dims]

    def check(self, alias: str, dtype: int, dims: tuple[int, ...]) -> None:
        """Checks one input against the declaration, before it can meet other callers' inputs.

        Args:
            alias: Name of the input.
            dtype: `DataType` number received.
            dims: Sizes received.

        Raises:
            ServingError: INVALID_ARGUMENT. The dtype's message begins as that of
                TensorFlow's executor; the shape is not checked by TensorFlow Serving, where
                the first operation that cannot use it fails.

        Source: `tensorflow/core/common_runtime/function.cc` (dtype message).
        """
        declared = self.definition.inputs[alias]
        if dtype != declared.dtype:
            raise errors.invalid_argument(
                f"Expects arg[{self._argument_index[alias]}] to be "
                f"{tensors.dtype_name(declared.dtype)} but {tensors.dtype_name(dtype)} "
                f"is provided (input {alias})"
            )
        expected = self._dims[alias]
        if expected is None:
            return
        fits = len(expected) == len(dims) and all(
            want < 0 or want == got for want, got in zip(expected, dims, strict=True)
        )
        if not fits:
            raise errors.invalid_argument(
                f"Expected input {alias} to have shape {tensors.shape_text(expected)} "
                f"but got {tensors.shape_text(dims)}"
            )

    def run(self, inputs: Mapping[str, tf.Tensor]) -> Arrays:
        """Runs the graph.

        Args:
            inputs: Every input by name, already checked.

        Returns:
            Every output by name; strings as object arrays of bytes.

        Raises:
            tf.errors.OpError: The graph refused its input.
            ServingError: INVALID_ARGUMENT, likewise, where TensorFlow's message quotes bytes
                that are no text: its Python layer then fails to raise the error itself and the
                code is lost.
        """
        try:
            outputs = self._function(
                **{self._arguments[alias]: value for alias, value in inputs.items()}
            )
        except UnicodeDecodeError as error:
            text = error.object.decode("utf-8", "backslashreplace")
            raise errors.invalid_argument(errors.graph_message(text)) from None
        return {alias: value.numpy() for alias, value in outputs.items()}


class Servable:
    """A SavedModel in memory.

    Attributes:
        model: Name it is served under.
        version: Its version.
        signature_defs: All SignatureDefs of the SavedModel, also those that cannot be called.
    """

    def __init__(self, model: str, version: int, path: Path) -> None:
        """Loads a SavedModel.

        Args:
            model: Name it is served under.
            version: Its version.
            path: Folder that holds `saved_model.pb`.

        Raises:
            Exception: Anything TensorFlow's loader raises for a broken folder.
        """
        self.model = model
        self.version = version
        meta_graph = _read_meta_graph(path)
        self.signature_defs = dict(meta_graph.signature_def)
        allow_keywords_as_inputs()
        # The loaded object owns the variables and tables that the functions use.
        with PlainPaths() as paths:
            self._loaded = tf.saved_model.load(
                paths.plain(str(path)), tags=list(meta_graph.meta_info_def.tags)
            )
        self._signatures = {
            name: Signature(name, self.signature_defs[name], function)
            for name, function in self._loaded.signatures.items()
            if name in self.signature_defs
        }

    def signature(self, name: str) -> Signature | None:
        """Finds a signature.

        Args:
            name: Its key; empty means `serving_default`.

        Returns:
            The signature, or None if the model has no such.
        """
        return self._signatures.get(name or DEFAULT_SIGNATURE)


def _read_meta_graph(path: Path) -> meta_graph_pb2.MetaGraphDef:
    saved_model = saved_model_pb2.SavedModel()
    binary = path / "saved_model.pb"
    try:
        if binary.is_file():
            saved_model.ParseFromString(binary.read_bytes())
        else:
            text = (path / "saved_model.pbtxt").read_text("utf-8")
            text_format.Parse(text, saved_model)
    except (DecodeError, text_format.ParseError, UnicodeDecodeError):
        raise errors.ServingError(
            grpc.StatusCode.DATA_LOSS, f"Can't parse the SavedModel in {path}"
        ) from None
    for meta_graph in saved_model.meta_graphs:
        if SERVE_TAG in meta_graph.meta_info_def.tags:
            return meta_graph
    tags = [sorted(graph.meta_info_def.tags) for graph in saved_model.meta_graphs]
    raise errors.not_found(
        f"Could not find meta graph def matching supplied tags: {{ {SERVE_TAG} }}. "
        f"The SavedModel has {tags}."
    )
