"""One signature of a loaded SavedModel: what it takes, and running it so that it can be ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow.python.eager import context, execute
from tensorflow.python.eager.cancellation import CancellationManager
from tensorflow.python.framework import constant_op, dtypes

from modules.common.runtime.stack import safe_argument
from serving import errors
from serving.calls import tensors

Arrays = dict[str, np.ndarray]


class Cancellation:
    """Ends a run of a graph from another thread.

    TensorFlow looks at it at every turn of a loop: sampling, line searches, beams. An operation
    that has begun is finished first.
    """

    def __init__(self) -> None:
        """Nothing is cancelled yet."""
        self.manager = CancellationManager()

    def cancel(self) -> None:
        """Makes the run that was given this end with `tf.errors.CancelledError`."""
        self.manager.start_cancel()


class Signature:
    """A signature that can be run.

    Attributes:
        name: Its key in the SavedModel.
        definition: Its SignatureDef.
        inputs: Name of each input to its dtype, a `DataType` number.
        outputs: Names of the outputs, in alphabetical order.
        is_batchable: Whether requests may be merged along the first dimension. Starts as what
            the declared shapes allow and turns False if a run shows otherwise.
    """

    def __init__(self, name: str, definition: meta_graph_pb2.SignatureDef, function: Any) -> None:
        """Reads the declared shapes and dtypes.

        Args:
            name: Its key in the SavedModel.
            definition: Its SignatureDef.
            function: The loaded concrete function.
        """
        self.name = name
        self.definition = definition
        # It owns the graph that is called by its name below.
        self._function = function
        self.inputs = {alias: info.dtype for alias, info in definition.inputs.items()}
        self.outputs = sorted(definition.outputs)
        self._call = _FlatCall(function, definition.inputs)
        self._dims = {
            alias: tensors.proto_dims(info.tensor_shape)
            for alias, info in definition.inputs.items()
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
        """Checks one input against the declaration, before anything is made of it.

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
        declared = self.inputs[alias]
        if dtype != declared:
            raise errors.invalid_argument(
                f"Expects arg[{self._argument_index[alias]}] to be "
                f"{tensors.dtype_name(declared)} but {tensors.dtype_name(dtype)} "
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

    def run(self, inputs: Mapping[str, Any], cancellation: Cancellation | None = None) -> Arrays:
        """Runs the graph.

        Args:
            inputs: Every input by name, already checked: arrays, strings as object arrays.
            cancellation: What may end it; None for a run that nobody ends.

        Returns:
            Every output by name; strings as object arrays of bytes.

        Raises:
            tf.errors.OpError: The graph refused its input, or the run was cancelled.
            ServingError: INVALID_ARGUMENT, likewise, where TensorFlow's message quotes bytes
                that are no text: its Python layer then fails to raise the error itself and the
                code is lost.
        """
        try:
            return self._call(inputs, cancellation or Cancellation())
        except UnicodeDecodeError as error:
            text = error.object.decode("utf-8", "backslashreplace")
            raise errors.invalid_argument(errors.graph_message(text)) from None


class _FlatCall:
    """Calls a loaded function by its place in TensorFlow's runtime.

    What `function(**inputs)` does besides (binding arguments, packing outputs, recording for
    gradients) takes longer than a small graph, and a run by it cannot be ended: TensorFlow's
    `CancellationManagerContext` is one variable for all threads.
    """

    def __init__(self, function: Any, aliases: Iterable[str]) -> None:
        given = {safe_argument(alias): alias for alias in aliases}
        # Arguments stand in the order in which they were saved, outputs in that of their names.
        names = function._arg_keywords
        self._inputs = [given.get(name, name) for name in names]
        self._dtypes = [tensor.dtype for tensor in function.inputs[: len(names)]]
        self._outputs = sorted(function.structured_outputs)
        self._captured = list(function.captured_inputs)
        self._name = function._inference_function.name.decode()
        options = context.context().function_call_options
        self._attributes = tuple(part for pair in options.as_attrs().items() for part in pair)

    def __call__(self, inputs: Mapping[str, Any], cancellation: Cancellation) -> Arrays:
        arguments = [
            constant_op.constant(inputs[alias], dtype)
            for alias, dtype in zip(self._inputs, self._dtypes, strict=True)
        ]
        outputs = execute.execute_with_cancellation(
            self._name,
            len(self._outputs),
            [*arguments, *self._captured],
            self._attributes,
            context.context(),
            cancellation.manager,
        )
        return {
            alias: np.asarray(value.numpy(), object if value.dtype == dtypes.string else None)
            for alias, value in zip(self._outputs, outputs, strict=True)
        }
