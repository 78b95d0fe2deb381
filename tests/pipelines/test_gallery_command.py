"""What `lianxi gallery` says where it cannot open."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from modules.common.runtime.errors import LianxiError
from pipelines.commands.gallery import command


def gallery(*words: str, root: Path) -> Result:
    return CliRunner().invoke(command, [*words, "--root", str(root), "--no-browser"])


def test_without_models_it_says_how_to_push_one(tmp_path: Path) -> None:
    result = gallery(root=tmp_path)
    assert isinstance(result.exception, LianxiError)
    assert "no model was pushed to" in str(result.exception)
    assert "lianxi run name_gender" in str(result.exception)


def test_a_port_that_is_taken_is_said_before_anything_is_loaded(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = gallery("--server", "localhost:1", "--port", str(port), root=tmp_path)
    said = str(result.exception)
    assert f"port {port} of 127.0.0.1 is taken, perhaps by another `lianxi gallery`" in said
    assert "choose another with --port" in said


def test_no_server_where_one_is_named(tmp_path: Path) -> None:
    result = gallery("--server", "127.0.0.1:9", "--port", "0", root=tmp_path)
    assert "no server answers at 127.0.0.1:9" in str(result.exception)


@pytest.mark.parametrize("server", ["nonsense", "host:"])
def test_what_is_no_address_is_a_wrong_usage(server: str, tmp_path: Path) -> None:
    result = gallery("--server", server, root=tmp_path)
    assert result.exit_code == 2 and "--server takes HOST:PORT" in result.output
