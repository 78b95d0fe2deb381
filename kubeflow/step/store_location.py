"""Where the server of `s3://` and `minio://` is, and by which keys it is used.

For both, the first that says it is taken:

1. the variables of the step: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY,
   AWS_REGION (`env` and `secrets` in the configuration);
2. the ConfigMap `kfp-launcher` of the pod's namespace, by which KFP's launcher finds artifacts:
   `providers`, and a `defaultPipelineRoot` with `?endpoint=`;
3. for `minio://`, what KFP's launcher falls back to: the secret `mlpipeline-minio-artifact`, and
   SeaweedFS (KFP 2.16 and later) or MinIO (before), whichever the cluster has;
4. Amazon for `s3://`, and for keys whatever else boto reads.

The cluster is asked only for a URI that the variables do not settle, and once in a process.

Source: kubeflow/pipelines, backend/src/v2/config (`GetStoreSessionInfo`, `ProvideSessionInfo`,
`getOverrideByPrefix`) and backend/src/v2/objectstore (`DefaultEndpointInMultiUserMode`,
`MinioDefaultEndpoint` up to 2.14, `OpenBucket`, `createS3BucketSession`).
"""

from __future__ import annotations

import functools
import os
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from kubeflow.step import cluster
from modules.common.runtime.errors import DataError

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL"

_CONFIG_MAP = "kfp-launcher"
_SECRET = {
    "secretName": "mlpipeline-minio-artifact",
    "accessKeyKey": "accesskey",
    "secretKeyKey": "secretkey",
}
_SERVICES = ("seaweedfs.kubeflow", "minio-service.kubeflow")
_PORT = 9000
_AMAZON = re.compile(r"(https://)?s3\.amazonaws\.com", re.IGNORECASE)

Json = dict[str, Any]


@dataclass(frozen=True)
class Location:
    """A server, and how it is used.

    Attributes:
        endpoint: URL of the server; empty for Amazon's.
        region: Its region; empty for what boto finds.
        key: The access key; empty for what boto finds.
        secret: What goes with it.
        by_host: Whether buckets are names of hosts, not folders.
        tried: What was asked, and what was found, for people.
    """

    endpoint: str = ""
    region: str = ""
    key: str = ""
    secret: str = field(default="", repr=False)
    by_host: bool = False
    tried: tuple[str, ...] = ()


def locate(uri: str) -> Location:
    """Finds the server of a URI.

    Args:
        uri: `s3://` or `minio://`.

    Raises:
        DataError: If nothing says where MinIO is; the message names all that was tried.
    """
    scheme, _, path = uri.partition("://")
    bucket, _, key = path.partition("/")
    endpoint = os.environ.get(ENDPOINT_VARIABLE, "")
    has_keys = "AWS_ACCESS_KEY_ID" in os.environ
    if endpoint and (has_keys or scheme != "minio"):
        return Location(endpoint, tried=(f"{ENDPOINT_VARIABLE} is {endpoint}",))
    found = _in_cluster(scheme, bucket, key, with_keys=not has_keys)
    if endpoint:
        tried = (f"{ENDPOINT_VARIABLE} is {endpoint}", *found.tried)
        return replace(found, endpoint=endpoint, tried=tried)
    tried = (f"{ENDPOINT_VARIABLE} is not set", *found.tried)
    if found.endpoint or scheme != "minio":
        return replace(found, tried=tried)
    service, looked_for = _service()
    if not service:
        raise DataError(
            f"nothing says where the server of {uri} is: {'; '.join((*tried, *looked_for))}; set "
            f"{ENDPOINT_VARIABLE} (env in the configuration), such as http://HOST:9000"
        )
    return replace(found, endpoint=service, tried=(*tried, *looked_for))


def _in_cluster(scheme: str, bucket: str, key: str, with_keys: bool) -> Location:
    """Gives what the ConfigMap and the secret that it names say."""
    data, told = _ask(cluster.config_map, _CONFIG_MAP)
    settings = _settings(scheme, bucket, key, data)
    server = settings.get("endpoint") or "no server"
    tried = [told or f"ConfigMap {_CONFIG_MAP} says {server} for {scheme}://{bucket}"]
    reference = settings.get("secretRef") or (_SECRET if scheme == "minio" and not settings else {})
    access = secret = ""
    if with_keys and reference:
        access, secret, told = _keys(reference)
        tried.append(told)
    return Location(
        endpoint=_url(settings),
        region=str(settings.get("region") or ""),
        key=access,
        secret=secret,
        by_host=settings.get("forcePathStyle") is False,
        tried=tuple(tried),
    )


def _settings(scheme: str, bucket: str, key: str, data: dict[str, str]) -> Json:
    """Reads the settings of a bucket from the data of the ConfigMap.

    Returns:
        `endpoint`, `region`, `disableSSL`, `forcePathStyle` and `secretRef`, as far as they are
        said; nothing where the ConfigMap does not speak of such a store.

    Raises:
        DataError: If it is not what KFP reads either.
    """
    root = urlsplit(data.get("defaultPipelineRoot", ""))
    if root.query and root.scheme == scheme and (scheme == "minio" or root.netloc == bucket):
        query = {name: values[-1] for name, values in parse_qs(root.query).items()}
        by_path = query.get("s3ForcePathStyle", query.get("use_path_style", "true"))
        return query | {
            "disableSSL": query.get("disableSSL", query.get("disable_https", "")) == "true",
            "forcePathStyle": by_path == "true",
        }
    try:
        providers = yaml.safe_load(data.get("providers") or "{}")
        provider = {name.lower(): value for name, value in (providers.get(scheme) or {}).items()}
        settings = dict(provider.get("default") or {})
        for override in provider.get("overrides") or []:
            prefix = str(override.get("keyPrefix") or "")
            if override["bucketName"] == bucket and key.startswith(prefix):
                settings |= {name: value for name, value in override.items() if value is not None}
                break
        credentials = settings.get("credentials") or {}
        from_environment = credentials.get("fromEnv")
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise DataError(
            f"ConfigMap {_CONFIG_MAP}: providers cannot be read: {error!r}; expected them as KFP "
            f"documents them, or {ENDPOINT_VARIABLE} (env in the configuration)"
        ) from error
    if settings and not from_environment:
        settings["secretRef"] = credentials.get("secretRef")
    return settings


@functools.cache
def _ask(read: Callable[[str], dict[str, str]], name: str) -> tuple[dict[str, str], str]:
    """Asks the cluster; gives an empty answer, and why, where it does not say."""
    try:
        return read(name), ""
    except cluster.NoAnswer as error:
        return {}, str(error)


def _keys(reference: Json) -> tuple[str, str, str]:
    """Reads access key and secret key, and says where from, or why not."""
    name = reference.get("secretName", "")
    data, told = _ask(cluster.secret, name)
    if told:
        return "", "", told
    names = reference.get("accessKeyKey", ""), reference.get("secretKeyKey", "")
    access, secret = (data.get(each, "") for each in names)
    if not access or not secret:
        return "", "", f"secret {name} lacks {' or '.join(names)}"
    return access, secret, f"keys of secret {name}"


def _url(settings: Json) -> str:
    """Gives the URL of a server; empty for Amazon's, which boto knows by its region."""
    endpoint = str(settings.get("endpoint") or "")
    if not endpoint or _AMAZON.match(endpoint):
        return ""
    if "://" in endpoint:
        return endpoint
    return f"{'http' if settings.get('disableSSL') else 'https'}://{endpoint}"


@functools.cache
def _service() -> tuple[str, list[str]]:
    """Finds the store that KFP brings along by the names that its releases give it."""
    tried = []
    for host in _SERVICES:
        try:
            socket.getaddrinfo(host, _PORT)
        except OSError:
            tried.append(f"{host} is no name here")
            continue
        return f"http://{host}:{_PORT}", [f"{host} is a name here"]
    # Kubernetes tells of services in the pod's own namespace.
    host, port = (os.environ.get(f"MINIO_SERVICE_SERVICE_{part}", "") for part in ("HOST", "PORT"))
    if host and port:
        return f"http://{host}:{port}", ["MINIO_SERVICE_SERVICE_HOST says it"]
    return "", tried
