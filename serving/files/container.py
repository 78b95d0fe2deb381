"""Configuration for the real TensorFlow Serving on the same folder.

`write_container_config` writes four files: `models.config` (a `ModelServerConfig`),
`batching.config` (`BatchingParameters`), `monitoring.config` (`MonitoringConfig`), all in
protobuf's text format, and `compose.yaml`, which runs the image with them:

    docker compose -f <folder>/compose.yaml up
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from modules.common.export.request_limits import read_max_examples
from serving.config import ModelEntry, ServerConfig, VersionPolicy
from serving.files.batching_config import batching_config
from serving.files.kept_models import changing
from serving.files.models_config import CONTAINER_ROOT
from serving.files.monitoring_config import monitoring_config
from serving.files.texts import new_message
from serving.models import versions

IMAGE = "tensorflow/serving:2.19.1"
MODELS_CONFIG = "models.config"
GRPC_PORT = 8500
REST_PORT = 8501


def compose_yaml(
    root: Path,
    config_folder: Path,
    container_root: str,
    poll_wait_s: int,
    config: ServerConfig,
    tls_file: Path | None = None,
) -> str:
    """Writes a Compose file.

    Args:
        root: Folder of the models on this machine.
        config_folder: Folder of the configuration files on this machine.
        container_root: Where the models are in the container.
        poll_wait_s: How often the server reads its configuration and folders, in seconds.
        config: Of the embedded server; what of it the image's server has too is carried over.
        tls_file: An SSLConfig on this machine.

    Returns:
        YAML.
    """
    command = [
        f"--port={GRPC_PORT}",
        f"--rest_api_port={REST_PORT}",
        "--model_config_file=/config/models.config",
        f"--model_config_file_poll_wait_seconds={poll_wait_s}",
        f"--file_system_poll_wait_seconds={poll_wait_s}",
    ]
    if config.batching.enabled:
        command += [
            "--enable_batching=true",
            "--batching_parameters_file=/config/batching.config",
        ]
    command.append("--monitoring_config_file=/config/monitoring.config")
    if config.allow_labels_for_unavailable:
        command.append("--allow_version_labels_for_unavailable_models=true")
    if not config.warmup:
        command.append("--enable_model_warmup=false")
    if config.cors_origins:
        command.append("--rest_api_enable_cors_support=true")
    mounts = [(root, container_root), (config_folder, "/config")]
    if tls_file is not None:
        command.append("--ssl_config_file=/tls/ssl.config")
        mounts.append((tls_file, "/tls/ssl.config"))
    # JSON strings are YAML strings, with the quoting done.
    lines = [
        "services:",
        "  serving:",
        f"    image: {IMAGE}",
        "    entrypoint: [tensorflow_model_server]",
        "    command:",
        *(f"      - {json.dumps(flag)}" for flag in command),
        "    ports:",
        *(f"      - {json.dumps(f'{config.host}:{port}:{port}')}" for port in _ports(tls_file)),
        "    volumes:",
    ]
    for source, target in mounts:
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
    container_root: str = CONTAINER_ROOT,
    poll_wait_s: int = 10,
    tls_file: Path | None = None,
) -> list[Path]:
    """Writes what the real TensorFlow Serving needs to serve a root.

    Args:
        root: Folder with one folder per model.
        folder: Where the files are written; made if it does not exist.
        config: Version policies, labels, batching and host of the embedded server. What the
            folder's `models.config` says of a model stays, unless policies or labels name it.
        container_root: Where the models are in the container.
        poll_wait_s: How often the server looks for new models and versions, in seconds.
        tls_file: An SSLConfig, which the container then uses for gRPC.

    Returns:
        The paths of `models.config`, `batching.config`, `monitoring.config`, `compose.yaml`.

    Raises:
        ValueError: There is no model under the root.
    """
    root, folder, config = Path(root), Path(folder), config or ServerConfig()
    models = versions.find_models(root)
    if not models:
        raise ValueError(
            f"expected <model>/<version>/saved_model.pb under {root}, found none; "
            "run a pipeline that pushes a model first"
        )
    ragged = [name for name, path in models.items() if has_ragged_inputs(path)]
    texts = {
        "batching.config": batching_config(config.batching, ragged, _most_examples(models)),
        "monitoring.config": monitoring_config(config.metrics_path),
        "compose.yaml": compose_yaml(root, folder, container_root, poll_wait_s, config, tls_file),
    }
    with changing(folder / MODELS_CONFIG, container_root) as kept:
        entries = {name: _lay_over(kept.get(name), name, config) for name in models}
        kept.clear()
        kept.update(entries)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in (MODELS_CONFIG, *texts)]


def _lay_over(kept: ModelEntry | None, name: str, config: ServerConfig) -> ModelEntry:
    """Lays what a server is told of a model over what is kept; what is told of all is no more."""
    entry = config.entry(name, Path())
    if kept is None or kept.policy == VersionPolicy() and not kept.labels:
        return entry
    return ModelEntry(
        Path(),
        config.model_policies.get(name, kept.policy),
        config.version_labels.get(name, kept.labels),
    )


def _most_examples(models: Mapping[str, Path]) -> dict[str, int]:
    """Says what the newest version of each model takes at once, where it declares it."""
    declared: dict[str, int] = {}
    for name, path in models.items():
        found = versions.find_versions(path)
        if not found:
            continue
        # A file that is damaged is said when the model is loaded.
        with suppress(ValueError):
            most = read_max_examples(found[max(found)])
            declared |= {} if most is None else {name: most}
    return declared


def has_ragged_inputs(base_path: Path) -> bool:
    """Tells whether requests to a model may have inputs of different shapes.

    Args:
        base_path: Folder of the model.

    Returns:
        Whether an input of its newest version has, beside the batch, a dimension of any size.
    """
    from google.protobuf.message import DecodeError

    found = versions.find_versions(base_path)
    saved_model = new_message("SavedModel")
    try:
        saved_model.ParseFromString((found[max(found)] / "saved_model.pb").read_bytes())
    except (OSError, DecodeError):
        # It will not load here or there; that is said elsewhere.
        return False
    return any(
        entry.value.tensor_shape.unknown_rank
        or any(dim.size < 0 for dim in entry.value.tensor_shape.dim[1:])
        for graph in saved_model.meta_graphs
        for signature in graph.signature_def
        for entry in signature.value.inputs
    )


def _ports(tls_file: Path | None) -> Iterable[int]:
    # TensorFlow Serving's REST API cannot be encrypted, so it stays in the container.
    return (GRPC_PORT,) if tls_file else (GRPC_PORT, REST_PORT)
