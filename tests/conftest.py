"""What every test needs: Keras 3, quiet logs, and the real data where there is some."""

from __future__ import annotations

import os

# Before anything imports TensorFlow; see `pipelines.cli`.
os.environ["TF_USE_LEGACY_KERAS"] = "0"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path  # noqa: E402

import pytest  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
_SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; tests that want it are skipped where it is absent."""
    if not _SHARED_DATA.is_dir():
        pytest.skip("needs the real data in ../shared/data, which is not there")
    return _SHARED_DATA
