"""Terminals and pipes of any encoding, and input that is no text."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modules.common.runtime.errors import LianxiError
from pipelines.standard_streams import check_text, json_line, read_typed_lines

ROOT = Path(__file__).resolve().parents[2]
_ECHO = """
import sys
from pipelines import ending
from pipelines.standard_streams import json_line, read_typed_lines
def command():
    for line in read_typed_lines():
        print(line, json_line([line]))
sys.exit(ending.main(command))
"""


def echoed(typed: bytes, encoding: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", _ECHO],
        input=typed,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding},
        timeout=60,
    )


def test_what_a_terminal_cannot_show_is_printed_by_its_number() -> None:
    done = echoed("王😀\n".encode(), "ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    shown, line = done.stdout.decode("ascii").split()
    assert shown == r"\u738b\U0001f600"
    assert json.loads(line) == ["王😀"]
    assert echoed("王\n".encode(), "utf-8").stdout == '王 ["王"]\n'.encode()
    assert echoed("王\n".encode("gbk"), "gbk").stdout == '王 ["王"]\n'.encode("gbk")


def test_a_line_that_is_no_text_is_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = b"\xef\xbb\xbf\xe7\x8e\x8b\r\n\xff\xfe\n\xe6\x9d\x8e"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed), encoding="utf-8"))
    first, second, third = read_typed_lines()
    assert (first, third) == ("王", "李")
    with pytest.raises(LianxiError, match="expected text in UTF-8, found bytes that are none"):
        check_text(second)


def test_json_has_its_characters_where_they_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert json_line("王") == '"王"'
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    assert json_line("王") == r'"\u738b"'


def test_whoever_has_seen_enough_ends_it_quietly() -> None:
    code = "yes 王 | head -2000000 | " + f"{sys.executable} -c '{_ECHO}' | head -1"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", code], capture_output=True, env=env, timeout=60)
    assert done.stdout == '王 ["王"]\n'.encode()
    assert done.stderr == b""
