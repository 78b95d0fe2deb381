"""The export contract: a trained model becomes a SavedModel with three signatures.

`serving_default` takes what a person has and gives what a person wants; `serve_examples` takes
serialized `tf.Example`, for Classify, BulkInferrer and the like; `evaluate` takes serialized
`tf.Example` with the label and gives per-example scores, of which TFMA makes every metric. All
preprocessing is in the graph, by Transform's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from modules.common.declaring.task import Field, Task
from modules.common.export import optional_inputs, request_limits
from modules.common.export.request_checks import prepare_request
from modules.common.graph.tensors import DTYPES, Baselines, Tensors, unpack
from modules.common.runtime.stack import safe_argument
from modules.common.training.input_pipeline import Split

WEIGHTS_FILE = os.path.join("assets.extra", "model.weights.h5")
_WARMUP_FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")


class Servable(tf.Module):
    """A trained model with everything around it. A task derives its own from this.

    Attributes:
        task: The declaration.
        settings: Resolved settings.
        model: The trained model: transformed features without the label to its output.
        baselines: What `fit_baselines` gave, each array a variable that is not trained.
    """

    def __init__(
        self,
        task: Task,
        settings: Any,
        model: keras.Model,
        transform_output: tft.TFTransformOutput,
        baselines: Baselines,
    ) -> None:
        """Wraps a trained model.

        Args:
            task: The declaration.
            settings: Resolved settings.
            model: The trained model.
            transform_output: Transform's graph and specifications.
            baselines: What `fit_baselines` gave.
        """
        super().__init__()
        self.task = task
        self.settings = settings
        self.features = task.features_for(settings)
        self.model = model
        self.baselines: Baselines = tf.nest.map_structure(
            lambda values: tf.Variable(values, trainable=False), baselines
        )
        layer = transform_output.transform_features_layer()
        # The layer is a tf_keras model, and saving one traces it again, for seconds. Behind a
        # function it is not tracked; the tables and files that its graph reads are.
        self._apply_transform = lambda raw: layer(raw)
        self._transform_resources = layer._saved_model_loader_tracked_dict
        self._raw_spec = transform_output.raw_feature_spec()
        self.prepare(transform_output)

    def prepare(self, transform_output: tft.TFTransformOutput) -> None:
        """Sets up what answers and scores need besides; called once, when all else is there.

        Args:
            transform_output: Transform's graph and vocabularies.
        """

    @classmethod
    def fit_baselines(cls, train: Split, evaluation: Split, settings: Any) -> Baselines:
        """Fits what the gate compares with, on the training split.

        Args:
            train: The transformed training split, a mapping of feature to `[examples, ...]` that
                reads only what is asked for.
            evaluation: The transformed evaluation split: only for baselines that forecast each
                example from its own past.
            settings: Resolved settings.

        Returns:
            What `score` needs, by a name of the task's choice: arrays, or dictionaries, tuples and
            named tuples of them, which `self.baselines` holds in the same structure.
        """
        return {}

    def calibrate(self, train: Split) -> None:
        """Measures what needs both the trained model and its data; called once, before export.

        What is found goes into variables that `prepare` made.

        Args:
            train: The transformed training split, as `fit_baselines` gets it.
        """

    def transform(self, raw: Tensors) -> Tensors:
        """Applies Transform's graph; features that need an input not in `raw` are left out.

        Args:
            raw: Raw features, `[batch, ...]` each, with or without the schema's dimension of 1.

        Returns:
            Transformed features, `[batch, ...]` each, unpacked where they are declared `uint8`.
        """
        shaped = {
            name: tf.reshape(tensor, [-1, *self._raw_spec[name].shape])
            for name, tensor in raw.items()
            if name in self._raw_spec
        }
        return unpack(self._apply_transform(shaped), self.features)

    def answer(self, raw: Tensors) -> Tensors:
        """Answers `serving_default`.

        Args:
            raw: The task's serving inputs, `[batch, ...]` each, checked by their declaration.

        Returns:
            The task's serving outputs, `[batch, ...]` each.
        """
        raise NotImplementedError

    def answer_examples(self, raw: Tensors) -> Tensors:
        """Answers `serve_examples`: what `answer` gives, unless the task says otherwise.

        Args:
            raw: Raw features parsed by the schema, the label among them where it was given.
        """
        return self.answer(raw)

    def score(self, raw: Tensors) -> Tensors:
        """Gives the scores that the task's metrics are made of.

        Args:
            raw: Raw features, the label among them.

        Returns:
            For every metric its `outputs`, as `modules.common.declaring.task.Metric` explains them.
        """
        raise NotImplementedError

    def extra_signatures(self) -> dict[str, Any]:
        """Gives signatures that only this task has, name to concrete function."""
        return {}

    def parse(self, serialized: tf.Tensor) -> Tensors:
        """Parses serialized `tf.Example`, `[batch]`, by the schema; absent features are empty.

        The label need not be there: what is served has none.
        """
        spec = {
            name: _optional(feature) if isinstance(feature, tf.io.FixedLenFeature) else feature
            for name, feature in self._raw_spec.items()
        }
        return tf.io.parse_example(serialized, spec)


def _optional(feature: tf.io.FixedLenFeature) -> tf.io.FixedLenFeature:
    empty = "" if feature.dtype == tf.string else 0
    default = np.full(feature.shape, empty).tolist() if feature.shape else empty
    return tf.io.FixedLenFeature(feature.shape, feature.dtype, default)


def tensor_spec(entry: Field) -> tf.TensorSpec:
    """The batched specification of a serving input or output."""
    return tf.TensorSpec([None, *entry.shape], DTYPES[entry.dtype], name=safe_argument(entry.name))


def as_arguments(request: Mapping[str, Any]) -> dict[str, Any]:
    """Names the inputs of a request as a traced signature takes them; see `safe_argument`."""
    return {safe_argument(name): value for name, value in request.items()}


def signatures(servable: Servable) -> dict[str, Any]:
    """Traces the signatures of a servable.

    Returns:
        Signature name to concrete function.
    """
    serving = servable.task.serving
    serialized = tf.TensorSpec([None], tf.string, name="inputs")

    def serving_default(**given: tf.Tensor) -> Tensors:
        raw = {entry.name: given[safe_argument(entry.name)] for entry in serving.inputs}
        answers = servable.answer(prepare_request(raw, serving))
        return {entry.name: answers[entry.name] for entry in serving.outputs}

    def serve_examples(inputs: tf.Tensor) -> Tensors:
        return servable.answer_examples(servable.parse(inputs))

    def evaluate(inputs: tf.Tensor) -> Tensors:
        return servable.score(servable.parse(inputs))

    specs = {safe_argument(entry.name): tensor_spec(entry) for entry in serving.inputs}
    return {
        "serving_default": trace(serving_default, **specs),
        "serve_examples": trace(serve_examples, serialized),
        "evaluate": trace(evaluate, serialized),
        **servable.extra_signatures(),
    }


def trace(function: Callable[..., Tensors], *specs: tf.TensorSpec, **named: tf.TensorSpec) -> Any:
    """Traces a signature, without AutoGraph.

    AutoGraph would convert Transform's layer and Keras too, which takes ten seconds. Code that
    wants it has a `tf.function` of its own.

    Args:
        function: Tensors to outputs by name.
        *specs: Specifications of positional arguments.
        **named: Specifications of named arguments.

    Returns:
        A concrete function.
    """
    return tf.function(function, autograph=False).get_concrete_function(*specs, **named)


def save(servable: Servable, directory: str) -> None:
    """Writes the SavedModel, with a warm-up request and the weights for a warm start.

    Args:
        servable: What is exported.
        directory: Made anew.
    """
    # TensorFlow Serving replays the warm-up; the weights let a later run start from here.
    traced = signatures(servable)
    servable.traced = list(traced.values())
    tf.saved_model.save(servable, directory, signatures=traced)
    optional_inputs.declare(directory, "serving_default", servable.task.serving.inputs)
    tf.io.gfile.makedirs(os.path.join(directory, "assets.extra"))
    request_limits.write_max_examples(directory, servable.task.serving.max_examples)
    servable.model.save_weights(os.path.join(directory, WEIGHTS_FILE))
    with tf.io.TFRecordWriter(os.path.join(directory, _WARMUP_FILE)) as writer:
        writer.write(_warmup_log(servable.task).SerializeToString())


def example_request(task: Task) -> dict[str, tf.Tensor]:
    """The task's example request, typed as its signature asks, defaults filled in."""
    given = {
        entry.name: tf.constant(task.serving.example[entry.name], DTYPES[entry.dtype])
        for entry in task.serving.inputs
        if entry.name in task.serving.example
    }
    filled_in = {
        entry.name: optional_inputs.default_tensor(entry)
        for entry in task.serving.inputs
        if entry.name not in given
    }
    return optional_inputs.spread(given | filled_in, task.serving.inputs)


def _warmup_log(task: Task) -> Any:
    from tensorflow_serving.apis import prediction_log_pb2

    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = task.name
    request.model_spec.signature_name = "serving_default"
    for name, tensor in example_request(task).items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(tensor))
    return log
