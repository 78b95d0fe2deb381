"""Asks a signature of a SavedModel about serialized examples, a batch at a time, in Beam's workers.

tfx_bsl's own handler takes signatures with one serialized input alone, so none of what a person
asks; tells Beam no limit for its batches, so that a model that takes few examples refuses them; has
a job fail for one example that the model refuses; and makes a protocol buffer of each answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import tensorflow as tf
from apache_beam.ml.inference.base import ModelHandler
from tensorflow_serving.apis import prediction_log_pb2

MAX_BATCH = 1024
# An example of more bytes counts as several, so that a batch of pictures is no gigabyte.
_BYTES_OF_ONE = 1 << 14
REFUSED = "lianxi_refused"
"""Output of an example that the model refuses: why. There is no other then."""


class SignatureHandler(ModelHandler[bytes, bytes, Any]):
    """Gives a `PredictionLog`, serialized, for each batch: where examples come from, and answers.

    The request holds the examples' origins in place of the examples, whose pictures and sounds are
    where they were.
    """

    def __init__(self, model_path: str, signature: str, origin: str, max_examples: int) -> None:
        """Prepares.

        Args:
            model_path: Folder of the SavedModel.
            signature: Its signature.
            origin: The feature of an example that says where it comes from.
            max_examples: Most examples that the model takes at once.
        """
        super().__init__()
        self._model_path = model_path
        self._signature = signature
        self._origin = origin
        self._max_examples = max_examples

    def load_model(self) -> Any:
        """Loads the model, once in a worker."""
        model = tf.saved_model.load(self._model_path)
        answer = model.signatures[self._signature]
        specs = answer.structured_input_signature[1]
        parsing = {name: _parsing_spec(spec) for name, spec in specs.items()}
        origin = self._origin

        features = {**parsing, origin: tf.io.FixedLenFeature([], tf.string)}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
        def ask(serialized: tf.Tensor) -> tuple[tf.Tensor, Mapping[str, tf.Tensor]]:
            found = tf.io.parse_example(serialized, features)
            inputs = {name: tf.cast(found[name], spec.dtype) for name, spec in specs.items()}
            return found[origin], answer(**inputs)

        # What it is made of would go with it.
        ask.model = model
        return ask

    def batch_elements_kwargs(self) -> Mapping[str, Any]:
        """Says how large batches are."""
        size = max(1, min(MAX_BATCH, self._max_examples))
        return {
            "min_batch_size": size,
            "max_batch_size": size,
            "element_size_fn": _size,
        }

    def get_num_bytes(self, batch: Sequence[bytes]) -> int:
        """Counts the bytes of a batch, for Beam's metrics."""
        return sum(map(len, batch))

    def run_inference(
        self, batch: Sequence[bytes], model: Any, inference_args: dict[str, Any] | None = None
    ) -> Iterable[bytes]:
        """Asks about a batch; where the model refuses, about its halves, down to the example.

        Args:
            batch: Serialized examples.
            model: What `load_model` gave.
            inference_args: Not used.

        Returns:
            Serialized `PredictionLog`s, in the order of the examples.
        """
        try:
            origins, outputs = model(tf.constant(batch, tf.string))
        except tf.errors.InvalidArgumentError as error:
            if len(batch) == 1:
                origin = tf.io.parse_single_example(
                    batch[0], {self._origin: tf.io.FixedLenFeature([], tf.string)}
                )[self._origin]
                return [self._log(origin[None], {REFUSED: tf.constant([error.message])})]
            middle = len(batch) // 2
            return [
                *self.run_inference(batch[:middle], model),
                *self.run_inference(batch[middle:], model),
            ]
        return [self._log(origins, outputs)]

    def _log(self, origins: tf.Tensor, outputs: Mapping[str, tf.Tensor]) -> bytes:
        log = prediction_log_pb2.PredictionLog()
        request, response = log.predict_log.request, log.predict_log.response
        request.model_spec.signature_name = self._signature
        request.inputs[self._origin].CopyFrom(tf.make_tensor_proto(origins.numpy()))
        for name, values in outputs.items():
            response.outputs[name].CopyFrom(tf.make_tensor_proto(values.numpy()))
        serialized: bytes = log.SerializeToString()
        return serialized


def _size(serialized: bytes) -> int:
    return 1 + len(serialized) // _BYTES_OF_ONE


def _parsing_spec(spec: tf.TensorSpec) -> Any:
    """Says how an input is read off an example."""
    dtype = spec.dtype if spec.dtype in (tf.string, tf.float32) else tf.int64
    shape = spec.shape[1:].as_list()
    if None not in shape:
        return tf.io.FixedLenFeature(shape, dtype)
    # Only the first dimension of an input may be of any length.
    return tf.io.FixedLenSequenceFeature(shape[1:], dtype, allow_missing=True)
