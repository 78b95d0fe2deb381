"""`monitoring.config`: where metrics are, in TensorFlow Serving's `MonitoringConfig`."""

from __future__ import annotations

from pathlib import Path

from serving import errors
from serving.config import METRICS_PATH
from serving.files.texts import new_message, read_text_proto


def monitoring_config(metrics_path: str | None = METRICS_PATH) -> str:
    """Writes a MonitoringConfig.

    Args:
        metrics_path: Where the metrics are; None turns them off.

    Returns:
        Text proto.
    """
    from google.protobuf import text_format

    proto = new_message("MonitoringConfig")
    proto.prometheus_config.enable = metrics_path is not None
    if metrics_path is None:
        proto.prometheus_config.SetInParent()
    else:
        proto.prometheus_config.path = metrics_path
    return text_format.MessageToString(proto, as_utf8=True, as_one_line=True).strip() + "\n"


def read_monitoring_config(path: Path | str) -> str | None:
    """Reads a MonitoringConfig.

    Args:
        path: Text proto, as for TensorFlow Serving's `--monitoring_config_file`.

    Returns:
        Where the metrics are; None if they are off.

    Raises:
        ServingError: INVALID_ARGUMENT if it is no such file.
        OSError: It cannot be read.
    """
    config = read_text_proto(path, new_message("MonitoringConfig")).prometheus_config
    if not config.enable:
        return None
    if config.path and not config.path.startswith("/"):
        raise errors.invalid_argument(
            f"'{path}': expected a path that begins with /, got {config.path!r}"
        )
    return config.path or METRICS_PATH
