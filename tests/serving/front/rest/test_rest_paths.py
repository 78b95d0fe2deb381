"""Addresses, as the regular expressions of http_rest_api_util.cc take them."""

from __future__ import annotations

import pytest

from serving.errors import ServingError
from serving.front.rest.paths import is_api, read_path


@pytest.mark.parametrize(
    ("http_method", "path", "method", "name", "version", "label"),
    [
        ("GET", "/v1/models/m", "status", "m", None, ""),
        ("GET", "/V1/MODELS/m", "status", "m", None, ""),
        ("GET", "/v1/models/m/versions/12", "status", "m", 12, ""),
        ("GET", "/v1/models/m/labels/stable", "status", "m", None, "stable"),
        ("GET", "/v1/models/m/metadata", "metadata", "m", None, ""),
        ("GET", "/v1/models/m/METADATA", "status", "m", None, ""),
        ("GET", "/v1/models/m/labels/a%20b/metadata", "metadata", "m", None, "a b"),
        ("GET", "/v1/models/m?x=1", "status", "m?x=1", None, ""),
        ("POST", "/v1/models/m:predict", "predict", "m", None, ""),
        ("POST", "/v1/models/%E5%90%8D%2Fx:classify", "classify", "名/x", None, ""),
        ("POST", "/v1/models/m%zz:regress", "regress", "m%zz", None, ""),
        ("POST", "/v1/models/m/versions/3:predict", "predict", "m", 3, ""),
        ("POST", "/v1/models/m/labels/canary:predict", "predict", "m", None, "canary"),
    ],
)
def test_read(
    http_method: str, path: str, method: str, name: str, version: int | None, label: str
) -> None:
    target = read_path(http_method, path)
    spec = target.model_spec
    assert (target.method, spec.name, spec.version_label) == (method, name, label)
    assert (spec.version.value if spec.HasField("version") else None) == version


@pytest.mark.parametrize(
    ("http_method", "path"),
    [
        ("POST", "/v1/models/m"),
        ("POST", "/v1/models/m:predict/"),
        ("POST", "/v1/models/m:predict?x=1"),
        ("POST", "/v1/models/m:Predict"),
        ("POST", "/v1/models/m:explain"),
        ("POST", "/v1/models/m/versions/x:predict"),
        ("GET", "/v1/models/m/"),
        ("GET", "/v1/models/m:predict"),
        ("GET", "/v1/models/m/versions/1/labels/a"),
        ("GET", "/v1/models/"),
        ("PUT", "/v1/models/m"),
        ("HEAD", "/v1/models/m"),
    ],
)
def test_malformed(http_method: str, path: str) -> None:
    with pytest.raises(ServingError) as caught:
        read_path(http_method, path)
    assert caught.value.message == f"Malformed request: {http_method} {path}"


def test_no_name() -> None:
    with pytest.raises(ServingError) as caught:
        read_path("GET", "/v1/models")
    assert caught.value.message == "Missing model name in request."


def test_version_that_is_no_int64() -> None:
    assert read_path("GET", f"/v1/models/m/versions/{2**63 - 1}").model_spec.version.value > 0
    for digits in (str(2**63), "9" * 5000):
        with pytest.raises(ServingError) as caught:
            read_path("GET", f"/v1/models/m/versions/{digits}")
        assert caught.value.message.startswith(f"Failed to convert version: {digits[:100]}")


def test_what_belongs_to_the_api() -> None:
    assert is_api("/v1/models") and is_api("/V1/") and not is_api("/v1") and not is_api("/v2/x")
