"""The log takes what TFX and TensorFlow say, also from C++; people keep their stream."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from pipelines.logs import logging_to, new_log_path


def test_logging_and_file_descriptor_2_go_to_the_file(tmp_path: Path) -> None:
    path = new_log_path(str(tmp_path / "logs"), "task")
    before = logging.getLogger().handlers[:]
    with logging_to(path) as person:
        logging.getLogger("absl").warning("from Python")
        os.write(2, b"from C++\n")
        assert person.fileno() != 2
    assert logging.getLogger().handlers == before
    text = path.read_text()
    assert "from Python" in text and "from C++" in text


def test_old_logs_are_removed(tmp_path: Path) -> None:
    for number in range(25):
        (tmp_path / f"task-2020{number:02d}.log").write_text("")
    (tmp_path / "other-2020.log").write_text("")
    path = new_log_path(str(tmp_path), "task")
    path.write_text("")
    kept = sorted(entry.name for entry in tmp_path.glob("task-*.log"))
    assert len(kept) == 20
    assert "task-202024.log" in kept and "task-202000.log" not in kept
    assert (tmp_path / "other-2020.log").exists()


def test_room_is_kept_for_the_traceback_and_given_back(tmp_path: Path) -> None:
    path, reserve = tmp_path / "a.log", tmp_path / "a.reserve"
    with pytest.raises(RuntimeError, match="no room"), logging_to(path):
        assert reserve.stat().st_size == 1 << 16
        raise RuntimeError("no room")
    assert [each.name for each in tmp_path.iterdir()] == ["a.log"]
    assert "RuntimeError: no room" in path.read_text()


def test_what_a_killed_command_reserved_is_given_back(tmp_path: Path) -> None:
    (tmp_path / "task-1.reserve").write_bytes(b"x")
    (tmp_path / "other-1.reserve").write_bytes(b"x")
    new_log_path(str(tmp_path), "task")
    assert [path.name for path in tmp_path.iterdir()] == ["other-1.reserve"]
