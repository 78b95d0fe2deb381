"""Asking a REST port, with every byte in sight."""

from __future__ import annotations

import dataclasses
import http.client
import json
from typing import Any


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status.
        headers: Lower-case name to value.
        body: The bytes.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def error(self) -> str:
        """The message of an error."""
        message = json.loads(self.body)["error"]
        assert isinstance(message, str)
        return message


def ask(
    port: int | None,
    method: str,
    path: str,
    body: str | bytes | dict[str, Any] | None = None,
    **headers: str,
) -> Answer:
    """Sends one request on a connection of its own.

    Args:
        port: REST port.
        method: Such as `POST`.
        path: Path and query, as they are sent.
        body: The body; a dict is sent as JSON.
        headers: Header names, `_` for `-`, to values.

    Returns:
        The answer.
    """
    assert port is not None
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        data = json.dumps(body) if isinstance(body, dict) else body
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, data.encode() if isinstance(data, str) else data, sent)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()
