"""What a server can be told: which models and versions, batching, ports and limits."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

POLICY_KINDS = ("latest", "all", "specific")
METRICS_PATH = "/monitoring/prometheus/metrics"


@dataclasses.dataclass(frozen=True)
class VersionPolicy:
    """Which of the versions on disk are served.

    Use `VersionPolicy.latest(n)`, `VersionPolicy.all()` or `VersionPolicy.specific(3, 5)`.

    Attributes:
        kind: `latest`, `all` or `specific`.
        num_versions: How many of the highest versions `latest` serves.
        versions: The versions that `specific` serves.
    """

    kind: str = "latest"
    num_versions: int = 1
    versions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Reject what no server could follow."""
        if self.kind not in POLICY_KINDS:
            raise ValueError(f"version policy must be one of {POLICY_KINDS}, got {self.kind!r}")
        if self.kind == "latest" and self.num_versions < 1:
            raise ValueError(f"num_versions must be at least 1, got {self.num_versions}")
        if self.kind == "specific" and not self.versions:
            raise ValueError("a specific version policy must name at least one version")

    @classmethod
    def latest(cls, num_versions: int = 1) -> VersionPolicy:
        """Serve the `num_versions` highest version numbers."""
        return cls("latest", num_versions=num_versions)

    @classmethod
    def all(cls) -> VersionPolicy:
        """Serve every version on disk."""
        return cls("all")

    @classmethod
    def specific(cls, *versions: int) -> VersionPolicy:
        """Serve these versions and no other."""
        return cls("specific", versions=tuple(versions))

    def select(self, available: list[int]) -> list[int]:
        """Picks the versions to serve.

        Args:
            available: Version numbers that could be served.

        Returns:
            The chosen ones, ascending.
        """
        ordered = sorted(available)
        if self.kind == "all":
            return ordered
        if self.kind == "specific":
            return [version for version in ordered if version in self.versions]
        return ordered[-self.num_versions :]


@dataclasses.dataclass(frozen=True)
class ModelEntry:
    """One model to serve.

    Attributes:
        base_path: Folder that holds `<version>/saved_model.pb`.
        policy: Which versions are served.
        labels: Version label to version number, such as `{"stable": 3}`.
    """

    base_path: Path
    policy: VersionPolicy = VersionPolicy()
    labels: Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class BatchingConfig:
    """How concurrent Predict requests are merged into one run of the graph.

    Names and meaning are those of TensorFlow Serving's `BatchingParameters`. One difference: a
    request of more than `max_batch_size` rows is run by itself instead of being refused.

    Attributes:
        enabled: Whether requests are merged at all.
        max_batch_size: Most rows in one merged run.
        batch_timeout_micros: How long the first request of a batch waits for company, in µs.
            With 0 nobody waits while a thread is free, and requests that come while all threads
            are busy are merged.
        max_enqueued_batches: Batches that may wait per model and signature; beyond that callers
            get UNAVAILABLE.
        num_batch_threads: Threads that run batches; None is one per core, at least two.
        allowed_batch_sizes: If given, batches are padded up to the next of these sizes with
            copies of the first row of the batch's last request, and the padding is cut off the
            answer. Ascending, ending with `max_batch_size`.
    """

    enabled: bool = True
    max_batch_size: int = 128
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 100
    num_batch_threads: int | None = None
    allowed_batch_sizes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Apply the rules TensorFlow Serving has for these parameters."""
        for name in ("max_batch_size", "max_enqueued_batches"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.batch_timeout_micros < 0:
            raise ValueError(f"batch_timeout_micros must be >= 0, got {self.batch_timeout_micros}")
        if self.num_batch_threads is not None and self.num_batch_threads < 1:
            raise ValueError(f"num_batch_threads must be at least 1, got {self.num_batch_threads}")
        sizes = self.allowed_batch_sizes
        if sizes and (list(sizes) != sorted(set(sizes)) or sizes[-1] != self.max_batch_size):
            raise ValueError(
                "allowed_batch_sizes must ascend and end with max_batch_size "
                f"({self.max_batch_size}), got {sizes}"
            )

    @property
    def threads(self) -> int:
        """The number of batch threads, with the default filled in."""
        return self.num_batch_threads or max(2, os.cpu_count() or 2)

    def choose_padded_size(self, rows: int) -> int:
        """Rounds a batch up to the next allowed size.

        Args:
            rows: Rows in the batch.

        Returns:
            The size to run, in rows; `rows` itself when there is no larger allowed size.
        """
        return next((size for size in self.allowed_batch_sizes if size >= rows), rows)


@dataclasses.dataclass(frozen=True)
class TlsConfig:
    """What a server shows to callers, and asks of them.

    The texts are PEM, as in TensorFlow Serving's `SSLConfig`.

    Attributes:
        server_key: Private key.
        server_cert: Certificate, with its chain.
        custom_ca: Certificates of those who may sign a caller's; empty for the system's.
        client_verify: Whether a caller must show a certificate.
    """

    server_key: str
    server_cert: str
    custom_ca: str = ""
    client_verify: bool = False

    def __post_init__(self) -> None:
        """Reject what is no PEM, such as a path."""
        for name, kind in (("server_key", "PRIVATE KEY"), ("server_cert", "CERTIFICATE")):
            if f"{kind}-----" not in getattr(self, name):
                raise ValueError(f"{name} must be PEM text with a {kind} block")


@dataclasses.dataclass(frozen=True)
class ServerConfig:
    """Everything about a server except which models it serves.

    Attributes:
        host: Address to bind; loopback unless told otherwise.
        port: gRPC port; 0 picks a free one.
        metrics_port: One more HTTP port for Prometheus; None opens none, 0 picks a free one.
        metrics_path: Where the metrics are on the REST port and on their own; None serves none.
        poll_interval_s: How often the folders are looked at, in seconds.
        max_message_mb: Largest request or response in MiB. TensorFlow Serving allows 2 GiB; a
            smaller limit keeps one caller from filling the memory.
        version_policy: Policy of models that have none of their own.
        model_policies: Model name to its own policy.
        version_labels: Model name to {label: version}.
        batching: How requests are merged.
        allow_labels_for_unavailable: Whether a label that is new may stand for a version that is
            not available. One that is moved never may.
        warmup: Whether recorded warm-up requests are replayed before a version is used.
        default_grace_s: How long a shutdown waits for requests in flight, in seconds.
        rest_port: HTTP port of the REST API; None serves none, 0 picks a free one.
        cors_origins: Web pages of these origins may call the REST API from a browser, such as
            `("http://localhost:3000",)`; `("*",)` is any.
        tls: Certificates; None serves in the clear.
        allow_reload: Whether HandleReloadConfigRequest is answered.
        reload_root: Folder that the base paths of such a request must be in; None is the folder
            that is served.
        max_examples: Most examples in a request to a model that declares no bound of its own.
        max_in_flight_mb: Most memory that all requests being answered may take together, in MiB;
            beyond it callers get RESOURCE_EXHAUSTED.
        max_memory_mb: The same while the process holds more than this, in MiB; None is four
            fifths of what the machine or the container has.
        receive_timeout_s: How long a caller may take to send one message, in seconds.
        rest_timeout_s: How long the answer to a REST request may take, in seconds; None is as long
            as the caller waits. TensorFlow Serving's default of 30 is too little for a picture
            that is drawn point by point.
    """

    host: str = "127.0.0.1"
    port: int = 8500
    metrics_port: int | None = None
    metrics_path: str | None = METRICS_PATH
    poll_interval_s: float = 1.0
    max_message_mb: int = 64
    version_policy: VersionPolicy = VersionPolicy()
    model_policies: Mapping[str, VersionPolicy] = dataclasses.field(default_factory=dict)
    version_labels: Mapping[str, Mapping[str, int]] = dataclasses.field(default_factory=dict)
    allow_labels_for_unavailable: bool = True
    batching: BatchingConfig = BatchingConfig()
    warmup: bool = True
    default_grace_s: float = 10.0
    rest_port: int | None = None
    cors_origins: tuple[str, ...] = ()
    tls: TlsConfig | None = None
    allow_reload: bool = False
    reload_root: Path | None = None
    max_examples: int = 16_384
    max_in_flight_mb: int = 1024
    max_memory_mb: int | None = None
    receive_timeout_s: float = 30.0
    rest_timeout_s: float | None = None

    def __post_init__(self) -> None:
        """Reject values that could not work."""
        if self.poll_interval_s <= 0:
            raise ValueError(f"poll_interval_s must be above 0, got {self.poll_interval_s}")
        if not 1 <= self.max_message_mb <= 2047:
            raise ValueError(f"max_message_mb must be 1 to 2047, got {self.max_message_mb}")
        for name in ("max_examples", "max_in_flight_mb", "receive_timeout_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if self.rest_timeout_s is not None and self.rest_timeout_s <= 0:
            raise ValueError(f"rest_timeout_s must be above 0, got {self.rest_timeout_s}")
        if self.metrics_path is not None and not self.metrics_path.startswith("/"):
            raise ValueError(f"metrics_path must begin with /, got {self.metrics_path!r}")

    @property
    def max_message_bytes(self) -> int:
        """The message limit in bytes."""
        return self.max_message_mb * 1024 * 1024

    @property
    def max_in_flight_bytes(self) -> int:
        """The limit of all requests in flight in bytes."""
        return self.max_in_flight_mb * 1024 * 1024

    @property
    def max_memory_bytes(self) -> int | None:
        """The limit of the process in bytes, None where it is the machine that says."""
        return None if self.max_memory_mb is None else self.max_memory_mb * 1024 * 1024

    def entry(self, model: str, base_path: Path) -> ModelEntry:
        """Completes a model that was found by its folder.

        Args:
            model: Its name.
            base_path: Its folder.

        Returns:
            The entry with this configuration's policy and labels for it.
        """
        policy = self.model_policies.get(model, self.version_policy)
        return ModelEntry(base_path, policy, dict(self.version_labels.get(model, {})))
