"""The methods of `tensorflow.serving.PredictionService`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    inference_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)

from serving import errors
from serving.calls import direct, inference
from serving.calls.batching import BatchScheduler
from serving.calls.examples import ExamplesRequest, TasksRequest
from serving.calls.predict import Runner, predict
from serving.metrics import Metrics
from serving.models.registry import Registry
from serving.models.servable import DEFAULT_SIGNATURE, Arrays, Servable, Signature

SERVICE_NAME = "tensorflow.serving.PredictionService"
_SIGNATURE_DEF = "signature_def"


class PredictionService:
    """Answers predictions from whatever the registry holds."""

    def __init__(
        self,
        registry: Registry,
        scheduler: BatchScheduler,
        metrics: Metrics,
        max_tensor_bytes: int,
    ) -> None:
        """Connects the parts.

        Args:
            registry: Holds the models.
            scheduler: Merges requests.
            metrics: Counts requests.
            max_tensor_bytes: Largest tensor a request may declare.
        """
        self._registry = registry
        self._scheduler = scheduler
        self._metrics = metrics
        self._max_tensor_bytes = max_tensor_bytes

    def handler(self) -> grpc.GenericRpcHandler:
        """Lists the methods for the gRPC server.

        The generated `add_PredictionServiceServicer_to_server` is not used because it would
        parse tf.Examples, see `serving.calls.examples`.

        Returns:
            The service.
        """

        def method(answer: Any, request: Any, response: Any) -> grpc.RpcMethodHandler:
            return grpc.unary_unary_rpc_method_handler(
                answer,
                request_deserializer=request,
                response_serializer=response.SerializeToString,
            )

        methods = {
            "Predict": method(
                self.predict, predict_pb2.PredictRequest.FromString, predict_pb2.PredictResponse
            ),
            "Classify": method(
                self.classify,
                ExamplesRequest.from_bytes,
                classification_pb2.ClassificationResponse,
            ),
            "Regress": method(
                self.regress, ExamplesRequest.from_bytes, regression_pb2.RegressionResponse
            ),
            "MultiInference": method(
                self.multi_inference,
                TasksRequest.from_bytes,
                inference_pb2.MultiInferenceResponse,
            ),
            "GetModelMetadata": method(
                self.get_model_metadata,
                get_model_metadata_pb2.GetModelMetadataRequest.FromString,
                get_model_metadata_pb2.GetModelMetadataResponse,
            ),
        }
        return grpc.method_handlers_generic_handler(SERVICE_NAME, methods)

    def predict(
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        """Runs a signature on named tensors."""
        spec = request.model_spec if request.HasField("model_spec") else None
        with self._answering("Predict", spec, context) as servable:
            return predict(servable, request, self._runner(context), self._max_tensor_bytes)

    def classify(
        self, request: ExamplesRequest, context: grpc.ServicerContext
    ) -> classification_pb2.ClassificationResponse:
        """Labels tf.Examples."""
        with self._answering("Classify", request.model_spec, context) as servable:
            return direct.classify(servable, request, self._runner(context))

    def regress(
        self, request: ExamplesRequest, context: grpc.ServicerContext
    ) -> regression_pb2.RegressionResponse:
        """Gives a number for each tf.Example."""
        with self._answering("Regress", request.model_spec, context) as servable:
            return direct.regress(servable, request, self._runner(context))

    def multi_inference(
        self, request: TasksRequest, context: grpc.ServicerContext
    ) -> inference_pb2.MultiInferenceResponse:
        """Runs several classify and regress signatures on the same tf.Examples."""
        spec = inference.tasks_spec(request)
        with self._answering("MultiInference", spec, context) as servable:
            return direct.multi_inference(servable, request, self._runner(context))

    def get_model_metadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, context: grpc.ServicerContext
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Describes the signatures of a model.

        Source: `tensorflow_serving/servables/tensorflow/get_model_metadata_impl.cc`.
        """

        def check() -> None:
            if not request.metadata_field:
                raise errors.invalid_argument(
                    "GetModelMetadataRequest must specify at least one metadata_field"
                )
            for field in request.metadata_field:
                if field != _SIGNATURE_DEF:
                    raise errors.invalid_argument(f"Metadata field {field} is not supported")

        spec = request.model_spec if request.HasField("model_spec") else None
        with self._answering("GetModelMetadata", spec, context, check) as servable:
            signatures = get_model_metadata_pb2.SignatureDefMap()
            for name, definition in servable.signature_defs.items():
                signatures.signature_def[name].CopyFrom(definition)
            response = get_model_metadata_pb2.GetModelMetadataResponse()
            response.model_spec.name = servable.model
            response.model_spec.version.value = servable.version
            response.metadata[_SIGNATURE_DEF].Pack(signatures)
            return response

    @contextmanager
    def _answering(
        self,
        api: str,
        spec: model_pb2.ModelSpec | None,
        context: grpc.ServicerContext,
        check: Callable[[], None] | None = None,
    ) -> Iterator[Servable]:
        """Holds the model for one request, counts the request, turns errors into statuses."""
        started_s = time.monotonic()
        code, model, signature = grpc.StatusCode.OK, "", ""
        try:
            if spec is None:
                raise errors.invalid_argument("Missing ModelSpec")
            if check is not None:
                check()
            choice = spec.WhichOneof("version_choice")
            version = spec.version.value if choice == "version" else None
            label = spec.version_label if choice == "version_label" else None
            with self._registry.acquire(spec.name, version, label) as servable:
                model = servable.model
                if servable.signature(spec.signature_name) is not None:
                    signature = spec.signature_name or DEFAULT_SIGNATURE
                yield servable
        except Exception as error:  # noqa: BLE001 - everything becomes a status
            failure = errors.to_serving_error(error)
            code = failure.code
            context.abort(code, failure.message)
        finally:
            elapsed_s = time.monotonic() - started_s
            self._metrics.request(model, api, signature, code, elapsed_s)

    def _runner(self, context: grpc.ServicerContext) -> Runner:
        remaining_s = context.time_remaining()
        deadline_s = time.monotonic() + (float("inf") if remaining_s is None else remaining_s)

        def run(signature: Signature, inputs: Mapping[str, tf.Tensor]) -> Arrays:
            return self._scheduler.run(signature, inputs, deadline_s)

        return run
