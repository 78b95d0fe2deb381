"""What pages of tasks say of them is what they declare."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_tables_of_settings_are_as_declared() -> None:
    command = [sys.executable, "docs/settings_tables.py", "--check"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, f"{process.stdout}{process.stderr}: run it without --check"
