"""What the options of `lianxi serve` say to the server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from modules.common.runtime.errors import WrongUsage


def check_together(options: dict[str, Any]) -> None:
    """Rejects options that contradict each other.

    Args:
        options: By their names.

    Raises:
        click.UsageError: Some do.
    """
    if options["models_config"]:
        for name, option in (
            ("model_path", "--model-path"),
            ("version_policies", "--version-policy"),
            ("labels", "--label"),
        ):
            if options[name]:
                raise click.UsageError(
                    f"{option} and --models-config are both given; write it into the file"
                )
    if options["batching_config"] and not is_batching(options):
        raise click.UsageError("--batching-config says how to merge requests, --no-batching not to")
    ports: dict[int, str] = {}
    for option, port in listening(options).items():
        if port and port in ports:
            raise click.UsageError(f"{ports[port]} and {option} are both {port}; choose two")
        if port:
            ports[port] = option


def listening(options: dict[str, Any]) -> dict[str, int | None]:
    """Says which port each option asks for.

    Args:
        options: By their names.

    Returns:
        Option to port; None for one that is not opened. Metrics are on the REST port anyway, so
        a metrics port of the same number is none.
    """
    rest_port = options["rest_port"]
    if options["rest_api_port"] is not None:
        # In TensorFlow Serving's spelling 0 means none.
        rest_port = options["rest_api_port"] or None
    if options["no_rest"]:
        rest_port = None
    metrics_port = options["metrics_port"]
    if metrics_port and metrics_port == rest_port:
        metrics_port = None
    return {"--port": options["port"], "--rest-port": rest_port, "--metrics-port": metrics_port}


def is_batching(options: dict[str, Any]) -> bool:
    """Tells whether requests are merged."""
    return not options["no_batching"] and options["enable_batching"] is not False


def server_config(options: dict[str, Any], models_dir: Path) -> Any:
    """Makes the server's configuration.

    Args:
        options: By their names.
        models_dir: Where the pushed models are.

    Returns:
        A `serving.config.ServerConfig`.

    Raises:
        WrongUsage: A file does not hold what it should, or a value cannot be.
    """
    from serving.config import METRICS_PATH, BatchingConfig, ServerConfig
    from serving.files.batching_config import read_batching_config
    from serving.files.monitoring_config import read_monitoring_config
    from serving.files.tls_config import read_tls_config

    batching, monitoring, tls = (
        options[name] for name in ("batching_config", "monitoring_config", "tls_file")
    )
    policies = dict(options["version_policies"])
    labels: dict[str, dict[str, int]] = {}
    for model, label, version in options["labels"]:
        labels.setdefault(model, {})[label] = version
    ports = listening(options)
    direct = ("host", "port", "poll_interval_s", "allow_reload", "receive_timeout_s")
    limits = ("max_message_mb", "max_examples", "max_in_flight_mb", "max_memory_mb")
    defaults = {"version_policy": policies.pop("")} if "" in policies else {}
    for name in ("allow_labels_for_unavailable", "warmup"):
        if options[name] is not None:
            defaults[name] = options[name]
    try:
        return ServerConfig(
            **{name: options[name] for name in (*direct, *limits)},
            **defaults,
            rest_port=ports["--rest-port"],
            rest_timeout_s=options["rest_timeout_s"]
            if options["rest_api_timeout_in_ms"] is None
            else options["rest_api_timeout_in_ms"] / 1000,
            metrics_port=ports["--metrics-port"],
            metrics_path=read(read_monitoring_config, monitoring) if monitoring else METRICS_PATH,
            cors_origins=("*",)
            if options["rest_api_enable_cors_support"]
            else options["cors_origins"],
            tls=read(read_tls_config, tls) if tls else None,
            batching=read(read_batching_config, batching)
            if batching
            else BatchingConfig(enabled=is_batching(options)),
            model_policies=policies,
            version_labels=labels,
            reload_root=models_dir,
        )
    except ValueError as error:
        raise WrongUsage(str(error)) from error


def models_of(options: dict[str, Any], models_dir: Path) -> Any:
    """Says what is served, where it is not the pushed models.

    Args:
        options: By their names.
        models_dir: Where the pushed models are; the container's `/models`.

    Returns:
        What `serving.server.Server` takes; None for the pushed models.

    Raises:
        WrongUsage: The file is no models.config.
    """
    from serving.files.models_config import ModelsFile

    if options["models_config"]:
        return read(
            lambda path: ModelsFile(path, options["models_config_poll"], models_dir),
            options["models_config"],
        )
    if options["model_path"]:
        return {options["model_name"]: options["model_path"]}
    return None


def read(reader: Callable[[Path], Any], path: Path) -> Any:
    """Reads a file of the server's.

    Args:
        reader: Reads it.
        path: The file.

    Returns:
        What the reader made of it.

    Raises:
        WrongUsage: It does not hold what it should.
    """
    from serving.errors import ServingError

    try:
        return reader(path)
    except ServingError as error:
        raise WrongUsage(error.message) from error
    except OSError as error:
        raise WrongUsage(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
