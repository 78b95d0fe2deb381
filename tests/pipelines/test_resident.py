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
from pipelines.environment import Environment, environment
from serving.config import ServerConfig
from serving.server import Server

NAME = "name_gender"


@pytest.fixture
def env(tmp_path: Path, publish: Callable[..., Path]) -> Environment:
    """Versions 1 and 2, which say so in their answers."""
    made = environment("local", str(tmp_path))
    publish(Path(made.models_dir), NAME, 1)
    publish(Path(made.models_dir), NAME, 2)
    return made


@pytest.fixture
def server(env: Environment) -> Iterator[Server]:
    """A server of these that does not see what is pushed later."""
    config = ServerConfig(port=0, poll_interval_s=3600)
    with Server(versions.source(env, config), config) as made:
        made.wait_until_available(NAME, 60)
        yield made


def test_a_server_is_found_while_it_runs(env: Environment, server: Server) -> None:
    assert resident.find(env, NAME) is None
    with resident.announced(env, "0.0.0.0", server.port):
        assert resident.find(env, NAME) == f"127.0.0.1:{server.port}"
        assert resident.find(env, "voice_gender") is None
        with resident.announced(env, "127.0.0.1", 1):
            assert resident.find(env, NAME) == f"127.0.0.1:{server.port}"
    assert resident.find(env, NAME) is None


def test_one_that_would_answer_otherwise_is_passed_over(
    env: Environment, server: Server, publish: Callable[..., Path]
) -> None:
    with resident.announced(env, "127.0.0.1", server.port):
        pinning.roll_back(env, NAME)
        assert resident.find(env, NAME) is None
        pinning.unpin(env, NAME)
        assert resident.find(env, NAME) is not None
        publish(Path(env.models_dir), NAME, 3, template=1)
        assert resident.find(env, NAME) is None


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"address": "127.0.0.1:1"})])
def test_what_is_damaged_or_gone_is_no_server(env: Environment, content: str) -> None:
    with resident.announced(env, "127.0.0.1", 1):
        (Path(env.root) / "serving" / "resident.json").write_text(content)
        assert resident.find(env, NAME) is None


def test_who_asks_uses_it(
    env: Environment, server: Server, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.answering.own_server", None)
    with (
        resident.announced(env, "127.0.0.1", server.port),
        connect(load_task(NAME), env, None) as (client, _),
    ):
        answer = client.predict(NAME, {"name": ["x"]})
    assert answer["label"][0].startswith("v2")
    assert f"the server at 127.0.0.1:{server.port} answers" in capsys.readouterr().err
