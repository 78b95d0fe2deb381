"""Packages of which tests read the files, and which neither stack has."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# What uv says where the package index cannot be reached; all else is a mistake of the lock.
_UNREACHABLE = ("client error (Connect)", "dns error", "timed out", "network was disabled")
_TIMEOUT_S = 300


def unpacked(lock: Path, folder: Path) -> Path:
    """Unpacks what a lock names, and nothing that it needs.

    Args:
        lock: Requirements with hashes.
        folder: Where to.

    Returns:
        The folder.
    """
    spec = importlib.util.spec_from_file_location("get_uv", ROOT / "requirements/get_uv.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        uv = str(module.find_uv(ROOT))
    except SystemExit as error:
        pytest.skip(str(error))
    words = [uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target"]
    done = subprocess.run(
        [*words, str(folder), "--python", sys.executable, "--requirement", str(lock)],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
    )
    if any(reason in done.stderr for reason in _UNREACHABLE):
        pytest.skip(f"needs the packages of {lock.name} from the package index: {done.stderr}")
    assert done.returncode == 0, done.stderr
    return folder
