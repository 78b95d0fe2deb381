"""Every method of PredictionService and ModelService, whatever it came over.

gRPC and REST turn their messages into these calls and the answers back; checks, deadlines, limits
and metrics are the same for both.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TypeVar

from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)

from serving.calls import inference, limits, metadata, predict, results
from serving.calls.answering import Answering, serving_errors
from serving.calls.batching import BatchScheduler
from serving.calls.examples import ExamplesRequest, TasksRequest
from serving.calls.model_service import ModelService
from serving.metrics import Metrics
from serving.models.registry import Registry
from serving.models.servable import Servable
from serving.models.signature import Arrays, Signature

_Result = TypeVar("_Result")
# What takes longer than this many bytes do is not done in the event loop, where all else waits.
LARGE_BYTES = 262_144
_CONVERTING_THREADS = 2


class Api:
    """Answers calls from whatever the registry holds. To be used in one event loop."""

    def __init__(
        self,
        registry: Registry,
        models: ModelService,
        scheduler: BatchScheduler,
        metrics: Metrics,
        admission: limits.Admission,
        max_examples: int,
    ) -> None:
        """Connects the parts.

        Args:
            registry: Holds the models.
            models: Reports and changes which models are served.
            scheduler: Merges and runs requests.
            metrics: Counts requests.
            admission: Bounds the memory of requests.
            max_examples: Most examples in a request to a model that declares no bound.
        """
        self._registry = registry
        self._models = models
        self._scheduler = scheduler
        self._metrics = metrics
        self._admission = admission
        self._max_examples = max_examples
        self._converting = concurrent.futures.ThreadPoolExecutor(_CONVERTING_THREADS, "convert")
        self._reloading = concurrent.futures.ThreadPoolExecutor(1, "reload")

    def admit(self, size_bytes: int) -> AbstractContextManager[None]:
        """Holds the memory of a message while it is answered, see `Admission.admit`."""
        return self._admission.admit(size_bytes)

    def check_memory(self) -> None:
        """Refuses while the process holds too much, see `Admission.check_memory`."""
        self._admission.check_memory()

    def models(self) -> list[str]:
        """Names of the models anything is known of, in alphabetical order."""
        return self._registry.models()

    async def convert(self, size_bytes: int, work: Callable[[], _Result]) -> _Result:
        """Parses or writes a message, elsewhere if it is large.

        Args:
            size_bytes: About how large.
            work: What to do.

        Returns:
            What it gave.
        """
        if size_bytes <= LARGE_BYTES:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._converting, work)

    async def predict(
        self, request: predict_pb2.PredictRequest, until_s: float, entrypoint: str
    ) -> predict_pb2.PredictResponse:
        """Runs a signature on named tensors, see `predict_encoded`.

        Returns:
            The outputs.
        """
        size_bytes = request.ByteSize()
        encoded = await self.predict_encoded(request, size_bytes, until_s, entrypoint)
        parse = functools.partial(predict_pb2.PredictResponse.FromString, encoded)
        return await self.convert(len(encoded), parse)

    async def predict_encoded(
        self,
        request: predict_pb2.PredictRequest,
        size_bytes: int,
        until_s: float,
        entrypoint: str,
    ) -> bytes:
        """Runs a signature on named tensors.

        Args:
            request: The request.
            size_bytes: Its size on the wire.
            until_s: When the caller gives up, on the clock of `time.monotonic`.
            entrypoint: `GRPC` or `REST`.

        Returns:
            A serialized PredictResponse.

        Raises:
            ServingError: Whatever went wrong.
        """
        spec = request.model_spec if request.HasField("model_spec") else None
        with self._answering("Predict", spec, entrypoint, until_s) as servable:
            signature = predict.find_signature(servable, request.model_spec.signature_name)
            read = functools.partial(
                predict.read_inputs, signature, request, self._most_examples(servable)
            )
            # To await `convert` takes as long as to read a small request.
            inputs = read() if size_bytes <= LARGE_BYTES else await self.convert(size_bytes, read)
            outputs = await self._scheduler.run(servable, signature, inputs, until_s)
            return predict.encode_response(servable, signature, request, outputs)

    async def classify(
        self, request: ExamplesRequest, until_s: float, entrypoint: str
    ) -> classification_pb2.ClassificationResponse:
        """Labels tf.Examples, see `predict` for the rest."""
        with self._answering("Classify", request.model_spec, entrypoint, until_s) as servable:
            signature = inference.classify_signature(servable, request)
            outputs = await self._run_examples(servable, signature, request.examples, until_s)
            return results.classify_response(servable, signature, outputs, len(request.examples))

    async def regress(
        self, request: ExamplesRequest, until_s: float, entrypoint: str
    ) -> regression_pb2.RegressionResponse:
        """Gives a number for each tf.Example, see `predict` for the rest."""
        with self._answering("Regress", request.model_spec, entrypoint, until_s) as servable:
            signature = inference.regress_signature(servable, request)
            outputs = await self._run_examples(servable, signature, request.examples, until_s)
            return results.regress_response(servable, signature, outputs, len(request.examples))

    async def multi_inference(
        self, request: TasksRequest, until_s: float, entrypoint: str
    ) -> inference_pb2.MultiInferenceResponse:
        """Runs several signatures on the same tf.Examples, see `predict` for the rest."""
        spec = inference.tasks_spec(request)
        with self._answering("MultiInference", spec, entrypoint, until_s) as servable:
            plan = inference.plan_tasks(servable, request)
            outputs = [
                await self._run_examples(servable, task.signature, request.examples, until_s)
                for task in plan
            ]
            rows = len(request.examples)
            return results.multi_inference_response(servable, plan, outputs, rows)

    def get_model_metadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, entrypoint: str
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Describes the signatures of a model."""
        spec = request.model_spec if request.HasField("model_spec") else None
        with self._answering(
            "GetModelMetadata", spec, entrypoint, check=lambda: metadata.check(request)
        ) as servable:
            return metadata.describe(servable)

    def signatures(self, spec: model_pb2.ModelSpec) -> Mapping[str, meta_graph_pb2.SignatureDef]:
        """Finds the SignatureDefs of a model, without counting a request.

        Args:
            spec: Which model.

        Returns:
            Name to definition.

        Raises:
            ServingError: It is not served.
        """
        with serving_errors(), self._acquire(spec) as servable:
            return servable.signature_defs

    def get_model_status(
        self, request: get_model_status_pb2.GetModelStatusRequest
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """Reports the versions of a model, see `ModelService.status`."""
        with serving_errors():
            return self._models.status(request)

    async def reload_config(
        self, request: model_management_pb2.ReloadConfigRequest
    ) -> model_management_pb2.ReloadConfigResponse:
        """Changes which models are served, see `ModelService.reload`. Loading takes its time."""
        loop = asyncio.get_running_loop()
        with serving_errors():
            return await loop.run_in_executor(self._reloading, self._models.reload, request)

    def close(self) -> None:
        """Ends what is running."""
        self._scheduler.close()
        self._converting.shutdown(wait=False, cancel_futures=True)
        self._reloading.shutdown(wait=False, cancel_futures=True)

    def _acquire(self, spec: model_pb2.ModelSpec) -> AbstractContextManager[Servable]:
        choice = spec.WhichOneof("version_choice")
        version = spec.version.value if choice == "version" else None
        label = spec.version_label if choice == "version_label" else None
        return self._registry.acquire(spec.name, version, label)

    def _answering(
        self,
        method: str,
        spec: model_pb2.ModelSpec | None,
        entrypoint: str,
        until_s: float = float("inf"),
        check: Callable[[], None] | None = None,
    ) -> Answering:
        return Answering(self._registry, self._metrics, method, spec, entrypoint, until_s, check)

    def _most_examples(self, servable: Servable) -> int:
        return servable.max_examples or self._max_examples

    async def _run_examples(
        self, servable: Servable, signature: Signature, examples: list[bytes], until_s: float
    ) -> Arrays:
        limits.check_examples(len(examples), self._most_examples(servable))
        inputs = inference.example_inputs(signature, examples)
        return await self._scheduler.run(servable, signature, inputs, until_s)
