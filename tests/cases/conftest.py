"""Small inputs as people have them, read in place from ../shared/cases; what each must give."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT.parent / "shared" / "cases"
# What runs an ExampleGen is beside the tests of the components.
sys.path.append(str(ROOT / "tests" / "components"))


@pytest.fixture
def case() -> Callable[[str], Path]:
    """Gives the folder of a case by its number; skips where the cases are absent."""

    def find(number: str) -> Path:
        if not CASES.is_dir():
            pytest.skip(f"{CASES} is absent")
        [folder] = CASES.glob(f"{number}-*")
        return folder

    return find
