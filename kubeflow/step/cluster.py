"""What a step may ask the cluster that it runs in: ConfigMaps and secrets of its namespace.

It asks as KFP's launcher does, which runs in the same container: with the token of the pod's
service account. Outside a cluster there is nothing to ask.

Source: kubeflow/pipelines, backend/src/v2/config/env.go (`FromConfigMap`, `InPodNamespace`),
objectstore/object_store.go (`getS3BucketCredential`).
"""

from __future__ import annotations

import base64
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_TIMEOUT_S = 10.0
_FORBIDDEN = 403
_NOT_FOUND = 404


class NoAnswer(Exception):
    """The cluster did not say it; the text says why."""


def namespace() -> str:
    """Gives the namespace of the pod.

    Raises:
        NoAnswer: Outside a cluster, or where the pod has no token.
    """
    try:
        return (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    except OSError:
        raise NoAnswer(f"there is no service account in {SERVICE_ACCOUNT}") from None


def config_map(name: str) -> dict[str, str]:
    """Reads a ConfigMap of the pod's namespace.

    Args:
        name: Its name.

    Returns:
        Its data; empty where there is no such ConfigMap.

    Raises:
        NoAnswer: If the cluster cannot be asked, or does not allow it.
    """
    found = _ask(lambda asked: asked.read_namespaced_config_map, "ConfigMap", name)
    return dict(found.data or {}) if found else {}


def secret(name: str) -> dict[str, str]:
    """Reads a secret of the pod's namespace.

    Args:
        name: Its name.

    Raises:
        NoAnswer: If there is none, or the cluster cannot be asked, or does not allow it.
    """
    found = _ask(lambda asked: asked.read_namespaced_secret, "secret", name)
    if not found:
        raise NoAnswer(f"there is no secret {name} in namespace {namespace()}")
    return {
        key: base64.b64decode(value).decode("utf-8", "replace")
        for key, value in (found.data or {}).items()
    }


def _ask(method: Callable[[Any], Any], kind: str, name: str) -> Any:
    """Reads an object; `None` where there is no such."""
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    where = namespace()
    told = f"{kind} {name} in namespace {where}"
    try:
        return method(api())(name, where, _request_timeout=_TIMEOUT_S)
    except ApiException as error:
        if error.status == _NOT_FOUND:
            return None
        if error.status == _FORBIDDEN:
            raise NoAnswer(f"the pod's service account may not read {told}") from error
        raise NoAnswer(f"{told}: Kubernetes answered {error.status} {error.reason}") from error
    except (HTTPError, OSError) as error:
        raise NoAnswer(f"{told}: Kubernetes cannot be reached: {error}") from error


@functools.cache
def api() -> Any:
    """Makes the client that uses the pod's token."""
    from kubernetes import client
    from kubernetes.config import ConfigException
    from kubernetes.config.incluster_config import InClusterConfigLoader

    settings = client.Configuration()
    loader = InClusterConfigLoader(
        token_filename=str(SERVICE_ACCOUNT / "token"),
        cert_filename=str(SERVICE_ACCOUNT / "ca.crt"),
        environ=os.environ,
    )
    try:
        loader.load_and_set(settings)
    except ConfigException as error:
        raise NoAnswer(f"this is no pod of a cluster: {error}") from error
    settings.retries = False
    return client.CoreV1Api(client.ApiClient(settings))
