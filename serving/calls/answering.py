"""What every call does around its work: find the model, count, say what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType

import grpc
from tensorflow_serving.apis import model_pb2

from serving import errors
from serving.metrics import Metrics
from serving.models.registry import Registry
from serving.models.servable import DEFAULT_SIGNATURE, Servable


class Answering:
    """Holds the model for one request, counts the request, and says what went wrong.

    A class, because a generator with two others in it takes longer than a small graph.
    """

    __slots__ = (
        "_acquired",
        "_check",
        "_labels",
        "_metrics",
        "_registry",
        "_started_s",
        "_until_s",
        "_where",
    )

    def __init__(
        self,
        registry: Registry,
        metrics: Metrics,
        method: str,
        spec: model_pb2.ModelSpec | None,
        entrypoint: str,
        until_s: float = float("inf"),
        check: Callable[[], None] | None = None,
    ) -> None:
        """Prepares.

        Args:
            registry: Holds the models.
            metrics: Counts requests.
            method: Name of the method, such as `Predict`.
            spec: Which model; None where the request does not say.
            entrypoint: `GRPC` or `REST`.
            until_s: When the caller gives up, on the clock of `time.monotonic`.
            check: What to check before the model is looked up.
        """
        self._registry = registry
        self._metrics = metrics
        self._where = (method, spec, entrypoint)
        self._until_s = until_s
        self._check = check
        self._labels = ("", "")
        self._acquired: AbstractContextManager[Servable] | None = None

    def __enter__(self) -> Servable:
        """Gives the model version; raises ServingError if there is none."""
        self._started_s = time.monotonic()
        try:
            return self._enter()
        except Exception as error:
            failure = errors.to_serving_error(error)
            self._count(failure.code)
            raise failure from error

    def _enter(self) -> Servable:
        spec = self._where[1]
        if spec is None:
            raise errors.invalid_argument("Missing ModelSpec")
        if self._check is not None:
            self._check()
        choice = spec.WhichOneof("version_choice")
        version = spec.version.value if choice == "version" else None
        label = spec.version_label if choice == "version_label" else None
        self._acquired = self._registry.acquire(spec.name, version, label)
        servable = self._acquired.__enter__()
        is_known = servable.signature(spec.signature_name) is not None
        signature = (spec.signature_name or DEFAULT_SIGNATURE) if is_known else ""
        self._labels = (servable.model, signature)
        return servable

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Lets it go; whatever was raised becomes a ServingError."""
        assert self._acquired is not None
        self._acquired.__exit__(None, None, None)
        if error is None:
            self._count(grpc.StatusCode.OK)
        elif isinstance(error, Exception):
            failure = errors.to_serving_error(error)
            self._count(failure.code)
            if failure is not error:
                raise failure from error
        else:
            # The caller gave up, or its time did.
            is_late = time.monotonic() >= self._until_s
            statuses = grpc.StatusCode
            self._count(statuses.DEADLINE_EXCEEDED if is_late else statuses.CANCELLED)

    def _count(self, code: grpc.StatusCode) -> None:
        method, _, entrypoint = self._where
        seconds = time.monotonic() - self._started_s
        model, signature = self._labels
        self._metrics.request(model, method, signature, code, seconds, entrypoint)


@contextmanager
def serving_errors() -> Iterator[None]:
    """Turns whatever is raised into what a caller may see."""
    try:
        yield
    except Exception as error:
        raise errors.to_serving_error(error) from error
