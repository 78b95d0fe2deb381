"""The description of the REST API: of the form it should have, and true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rest_asking import ask

from serving.config import ServerConfig
from serving.server import Server


@pytest.fixture(scope="module")
def port(shared_root: Path) -> Iterator[int | None]:
    """REST port of a server with one model."""
    with Server(shared_root, ServerConfig(port=0, rest_port=0, poll_interval_s=0.5)) as server:
        server.wait_until_available("tiny", timeout_s=60)
        yield server.rest_port


@pytest.fixture(scope="module")
def document(port: int) -> dict[str, Any]:
    """The description."""
    answer = ask(port, "GET", "/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    found = json.loads(answer.body)
    assert isinstance(found, dict)
    return found


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """Checks values against a schema that refers to others of the description."""
    whole = {"components": document["components"], "allOf": [schema]}
    jsonschema.Draft202012Validator.check_schema(whole)
    return jsonschema.Draft202012Validator(whole)


def asked_and_answered(document: dict[str, Any], method: str) -> tuple[Any, Any]:
    """What checks bodies, and what checks answers."""
    operation = document["paths"][f"/v1/models/tiny:{method}"]["post"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return validator(document, body), validator(document, answer)


def test_has_the_form_of_openapi(document: dict[str, Any]) -> None:
    # The rules of OpenAPI 3.1.0, of which there is no validator among what tests need already.
    assert document["openapi"] == "3.1.0"
    assert set(document) <= {"openapi", "info", "paths", "components", "tags", "servers"}
    assert {"title", "version"} <= set(document["info"])
    names: list[str] = []
    for path, item in document["paths"].items():
        assert path.startswith("/")
        assert set(item) <= {"get", "post"}
        for operation in item.values():
            assert {"operationId", "summary", "responses", "tags"} <= set(operation)
            names.append(operation["operationId"])
            for status, response in operation["responses"].items():
                assert status.isdigit() and response["description"]
                for content in response["content"].values():
                    validator(document, content["schema"])
    assert len(names) == len(set(names))


def test_says_limits_and_models(document: dict[str, Any]) -> None:
    assert "67108864 bytes" in document["info"]["description"]
    assert set(document["paths"]) == {
        "/v1/models/tiny",
        "/v1/models/tiny/metadata",
        "/v1/models/tiny:predict",
        "/v1/models/tiny:classify",
        "/v1/models/tiny:regress",
    }


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("predict", {"instances": ["a", {"b64": "YQ=="}]}),
        ("predict", {"instances": [{"name": "a"}]}),
        ("predict", {"inputs": ["a"]}),
        ("predict", {"signature_name": "counted", "instances": [{"x": [1, 0.5], "n": 2}]}),
        ("predict", {"signature_name": "counted", "inputs": {"x": [[1, 2]], "n": [2]}}),
        ("predict", {"signature_name": "runs", "inputs": 1}),
        ("classify", {"signature_name": "serve_examples", "examples": [{"x": 0.5}]}),
        ("regress", {"signature_name": "regress", "context": {"x": [0.5]}, "examples": [{}]}),
    ],
)
def test_what_the_server_takes_and_gives_is_as_described(
    port: int, document: dict[str, Any], method: str, body: dict[str, Any]
) -> None:
    asked, answered = asked_and_answered(document, method)
    asked.validate(body)
    answer = ask(port, "POST", f"/v1/models/tiny:{method}", body)
    assert answer.status == 200
    answered.validate(json.loads(answer.body))


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("predict", {}),
        ("predict", {"instances": []}),
        ("predict", {"instances": [1]}),
        ("predict", {"instances": [{"b64": 1}]}),
        ("predict", {"signature_name": "none", "inputs": 1}),
        ("predict", {"signature_name": "counted", "instances": [{"x": [1], "n": 2}]}),
        ("predict", {"signature_name": "counted", "instances": [{"x": [1, 2], "n": 2.5}]}),
        ("predict", {"signature_name": "counted", "instances": [{"x": [1, 2]}]}),
        ("regress", {"signature_name": "regress", "examples": [{"x": None}]}),
    ],
)
def test_what_the_server_refuses_is_not_described(
    port: int, document: dict[str, Any], method: str, body: dict[str, Any]
) -> None:
    asked, _ = asked_and_answered(document, method)
    assert not asked.is_valid(body)
    answer = ask(port, "POST", f"/v1/models/tiny:{method}", body)
    assert answer.status == 400
    error = {"$ref": "#/components/schemas/Error"}
    validator(document, error).validate(json.loads(answer.body))
