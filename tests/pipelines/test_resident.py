"""Finding the server that runs: only one that answers as one of our own would."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modules.common.declaring.registry import load_task
from pipelines import pinning, resident, versions
from pipelines.answering import connect
from pipelines.environment import Environment
from serving.config import ServerConfig
from serving.server import Server

NAME = "name_gender"


@pytest.fixture
def server(env_of_two: Environment) -> Iterator[Server]:
    """A server of these that does not see what is pushed later."""
    config = ServerConfig(port=0, poll_interval_s=3600)
    with Server(versions.source(env_of_two, config), config) as made:
        made.wait_until_available(NAME, 60)
        yield made


def test_a_server_is_found_while_it_runs(env_of_two: Environment, server: Server) -> None:
    assert resident.find(env_of_two, NAME) is None
    with resident.announced(env_of_two, "0.0.0.0", server.port):
        assert resident.find(env_of_two, NAME) == f"127.0.0.1:{server.port}"
        assert resident.find(env_of_two, "voice_gender") is None
        with resident.announced(env_of_two, "127.0.0.1", 1):
            assert resident.find(env_of_two, NAME) == f"127.0.0.1:{server.port}"
    assert resident.find(env_of_two, NAME) is None


def test_one_that_would_answer_otherwise_is_passed_over(
    env_of_two: Environment, server: Server, publish: Callable[..., Path]
) -> None:
    with resident.announced(env_of_two, "127.0.0.1", server.port):
        pinning.roll_back(env_of_two, NAME)
        assert resident.find(env_of_two, NAME) is None
        pinning.unpin(env_of_two, NAME)
        assert resident.find(env_of_two, NAME) is not None
        publish(Path(env_of_two.models_dir), NAME, 3, template=1)
        assert resident.find(env_of_two, NAME) is None


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"address": "127.0.0.1:1"})])
def test_what_is_damaged_or_gone_is_no_server(env_of_two: Environment, content: str) -> None:
    with resident.announced(env_of_two, "127.0.0.1", 1):
        (Path(env_of_two.root) / "serving" / "resident.json").write_text(content)
        assert resident.find(env_of_two, NAME) is None


def test_who_asks_uses_it(
    env_of_two: Environment, server: Server, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.answering.own_server", None)
    with (
        resident.announced(env_of_two, "127.0.0.1", server.port),
        connect(load_task(NAME), env_of_two, None) as (client, _),
    ):
        answer = client.predict(NAME, {"name": ["x"]})
    assert answer["label"][0].startswith("v2")
    assert f"the server at 127.0.0.1:{server.port} answers" in capsys.readouterr().err
