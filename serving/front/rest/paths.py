"""Addresses of the REST API.

Source: `tensorflow_serving/model_servers/http_rest_api_util.cc`. As there, the query of an address
belongs to what is matched, names may be percent-coded, and letters of the fixed parts may be of
either case, though only lower case names a method.
"""

from __future__ import annotations

import dataclasses
import re
from urllib.parse import unquote_to_bytes

from tensorflow_serving.apis import model_pb2

from serving.front.rest.text import invalid

_VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_API = re.compile(r"/v1/.*", re.IGNORECASE)
_POST = re.compile(
    rf"/v1/models/(?P<name>[^/:]+){_VERSION}:(?P<method>classify|regress|predict)", re.IGNORECASE
)
_GET = re.compile(
    rf"/v1/models(?:/(?P<name>[^/:]+))?{_VERSION}(?:/(?P<method>metadata))?", re.IGNORECASE
)
STATUS, METADATA = "status", "metadata"


@dataclasses.dataclass(frozen=True)
class Target:
    """What an address asks for.

    Attributes:
        method: `predict`, `classify`, `regress`, `status` or `metadata`.
        model_spec: Of which model.
    """

    method: str
    model_spec: model_pb2.ModelSpec


def is_api(path: str) -> bool:
    """Says whether an address belongs to the API.

    Args:
        path: Path and query as sent.
    """
    return _API.fullmatch(path) is not None


def read_path(http_method: str, path: str) -> Target:
    """Reads an address of the API.

    Args:
        http_method: Such as `POST`.
        path: Path and query as sent.

    Returns:
        What it asks for.

    Raises:
        ServingError: INVALID_ARGUMENT.
    """
    form = {"POST": _POST, "GET": _GET}.get(http_method)
    match = form.fullmatch(path) if form else None
    if match is None:
        raise _malformed(http_method, path)
    spec = model_pb2.ModelSpec(name=_decode(match["name"] or ""))
    if match["version"]:
        version = int(match["version"][:20])
        if version >= 2**63:
            raise invalid(f"Failed to convert version: {match['version']} to numeric.")
        spec.version.value = version
    if match["label"]:
        spec.version_label = _decode(match["label"])
    if http_method == "POST":
        if match["method"] not in ("classify", "regress", "predict"):
            raise _malformed(http_method, path)
        return Target(match["method"], spec)
    if not spec.name:
        raise invalid("Missing model name in request.")
    return Target(METADATA if match["method"] == METADATA else STATUS, spec)


def _malformed(http_method: str, path: str) -> Exception:
    return invalid(f"Malformed request: {http_method} {path}")


def _decode(text: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", "replace")
