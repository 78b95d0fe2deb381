"""Configuration for the real TensorFlow Serving on the same folder, and reading it back.

`write_container_config` writes four files: `models.config` (a `ModelServerConfig`),
`batching.config` (`BatchingParameters`), `monitoring.config` (`MonitoringConfig`), all in
protobuf's text format, and `compose.yaml`, which runs the image with them:

    docker compose -f <folder>/compose.yaml up
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from serving import errors
from serving.config import BatchingConfig, ModelEntry, ServerConfig, VersionPolicy
from serving.metrics import METRICS_PATH
from serving.models import versions

IMAGE = "tensorflow/serving:2.16.1"
GRPC_PORT = 8500
REST_PORT = 8501
_PLATFORM = "tensorflow"


def models_config(entries: Mapping[str, ModelEntry]) -> str:
    """Writes a ModelServerConfig.

    Args:
        entries: Model name to base path, version policy and labels.

    Returns:
        Text proto, models in alphabetical order.
    """
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    proto = model_server_config_pb2.ModelServerConfig()
    proto.model_config_list.SetInParent()
    for name in sorted(entries):
        entry = entries[name]
        config = proto.model_config_list.config.add(
            name=name, base_path=str(entry.base_path), model_platform=_PLATFORM
        )
        policy = config.model_version_policy
        if entry.policy.kind == "all":
            policy.all.SetInParent()
        elif entry.policy.kind == "specific":
            policy.specific.versions.extend(entry.policy.versions)
        else:
            policy.latest.num_versions = entry.policy.num_versions
        config.version_labels.update(entry.labels)
    return str(text_format.MessageToString(proto))


def batching_config(config: BatchingConfig) -> str:
    """Writes BatchingParameters.

    Large requests are split into runs of `max_batch_size` rows, because the embedded server
    accepts them too.

    Args:
        config: Parameters of the embedded server.

    Returns:
        Text proto.
    """
    values = {
        "max_batch_size": config.max_batch_size * config.max_enqueued_batches,
        "max_execution_batch_size": config.max_batch_size,
        "batch_timeout_micros": config.batch_timeout_micros,
        "max_enqueued_batches": config.max_enqueued_batches,
        "num_batch_threads": config.threads,
    }
    lines = [f"{name} {{ value: {value} }}" for name, value in values.items()]
    lines.append("enable_large_batch_splitting { value: true }")
    lines += [f"allowed_batch_sizes: {size}" for size in config.allowed_batch_sizes]
    return "\n".join(lines) + "\n"


def monitoring_config() -> str:
    """Writes a MonitoringConfig that turns Prometheus on.

    Returns:
        Text proto.
    """
    return f'prometheus_config {{ enable: true path: "{METRICS_PATH}" }}\n'


def compose_yaml(
    root: Path, config_folder: Path, container_root: str, poll_wait_s: int, host: str
) -> str:
    """Writes a Compose file.

    Args:
        root: Folder of the models on this machine.
        config_folder: Folder of the configuration files on this machine.
        container_root: Where the models are in the container.
        poll_wait_s: How often the server reads its configuration and folders, in seconds.
        host: Address the ports are published on.

    Returns:
        YAML.
    """
    command = [
        f"--port={GRPC_PORT}",
        f"--rest_api_port={REST_PORT}",
        "--model_config_file=/config/models.config",
        f"--model_config_file_poll_wait_seconds={poll_wait_s}",
        f"--file_system_poll_wait_seconds={poll_wait_s}",
        "--enable_batching=true",
        "--batching_parameters_file=/config/batching.config",
        "--monitoring_config_file=/config/monitoring.config",
        "--allow_version_labels_for_unavailable_models=true",
    ]
    # JSON strings are YAML strings, with the quoting done.
    lines = [
        "services:",
        "  serving:",
        f"    image: {IMAGE}",
        "    entrypoint: [tensorflow_model_server]",
        "    command:",
        *(f"      - {json.dumps(flag)}" for flag in command),
        "    ports:",
        *(f"      - {json.dumps(f'{host}:{port}:{port}')}" for port in (GRPC_PORT, REST_PORT)),
        "    volumes:",
    ]
    for source, target in ((root, container_root), (config_folder, "/config")):
        lines += [
            "      - type: bind",
            f"        source: {json.dumps(str(source.resolve()), ensure_ascii=False)}",
            f"        target: {json.dumps(target)}",
            "        read_only: true",
        ]
    return "\n".join([*lines, "    restart: unless-stopped"]) + "\n"


def write_container_config(
    root: Path | str,
    folder: Path | str,
    config: ServerConfig | None = None,
    container_root: str = "/models",
    poll_wait_s: int = 10,
) -> list[Path]:
    """Writes what the real TensorFlow Serving needs to serve a root.

    Args:
        root: Folder with one folder per model.
        folder: Where the files are written; made if it does not exist.
        config: Version policies, labels, batching and host of the embedded server.
        container_root: Where the models are in the container.
        poll_wait_s: How often the server looks for new models and versions, in seconds.

    Returns:
        The paths of `models.config`, `batching.config`, `monitoring.config`, `compose.yaml`.

    Raises:
        ValueError: There is no model under the root.
    """
    root, folder, config = Path(root), Path(folder), config or ServerConfig()
    inside = PurePosixPath(container_root)
    entries = {name: config.entry(name, Path(inside / name)) for name in versions.find_models(root)}
    if not entries:
        raise ValueError(
            f"expected <model>/<version>/saved_model.pb under {root}, found none; "
            "run a pipeline that pushes a model first"
        )
    texts = {
        "models.config": models_config(entries),
        "batching.config": batching_config(config.batching),
        "monitoring.config": monitoring_config(),
        "compose.yaml": compose_yaml(root, folder, container_root, poll_wait_s, config.host),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def read_models_config(path: Path | str) -> dict[str, ModelEntry]:
    """Reads a `models.config` for the embedded server.

    Args:
        path: Text proto of a ModelServerConfig. Its base paths must exist on this machine.

    Returns:
        Model name to entry, as `serving.server.Server` takes it.

    Raises:
        ServingError: INVALID_ARGUMENT if it is no such file or could not be served.
    """
    from google.protobuf import text_format
    from tensorflow_serving.config import model_server_config_pb2

    try:
        proto = text_format.Parse(
            Path(path).read_text(encoding="utf-8"), model_server_config_pb2.ModelServerConfig()
        )
    except text_format.ParseError as error:
        raise errors.invalid_argument(f"Invalid protobuf file: '{path}': {error}") from None
    return entries_from_proto(proto)


def entries_from_proto(proto: Any) -> dict[str, ModelEntry]:
    """Reads a ModelServerConfig.

    Args:
        proto: The message.

    Returns:
        Model name to entry.

    Raises:
        ServingError: INVALID_ARGUMENT if a model has no name or path, is listed twice, or is
            not a TensorFlow model.

    Source: `tensorflow_serving/model_servers/server_core.cc`.
    """
    entries: dict[str, ModelEntry] = {}
    for config in proto.model_config_list.config:
        if not config.name or not config.base_path:
            raise errors.invalid_argument("Expected name and base_path in every ModelConfig")
        if config.name in entries:
            raise errors.invalid_argument(
                f"Illegal to list model {config.name} multiple times in config list"
            )
        # 1 is the deprecated ModelType.TENSORFLOW.
        if config.model_platform != _PLATFORM and config.model_type != 1:
            raise errors.invalid_argument(
                f"Expected model_platform '{_PLATFORM}' for model {config.name}, "
                f"got '{config.model_platform}'"
            )
        policy = _policy(config.model_version_policy)
        entries[config.name] = ModelEntry(
            Path(config.base_path), policy, dict(config.version_labels)
        )
    return entries


def _policy(proto: Any) -> VersionPolicy:
    kind = proto.WhichOneof("policy_choice")
    if kind == "all":
        return VersionPolicy.all()
    if kind == "specific":
        if not proto.specific.versions:
            raise errors.invalid_argument("specific version policy names no versions")
        return VersionPolicy.specific(*proto.specific.versions)
    return VersionPolicy.latest(max(1, proto.latest.num_versions))
