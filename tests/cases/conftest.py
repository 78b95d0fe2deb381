"""Small inputs as people have them, read in place from ../shared/cases; what each must give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT.parent / "shared" / "cases"


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of all cases; tests that want it are skipped where it is absent."""
    if not CASES.is_dir():
        pytest.skip("needs the cases in ../shared/cases, which are not there")
    return CASES


@pytest.fixture
def case(cases: Path) -> Callable[[str], Path]:
    """Gives the folder of a case by its number."""

    def find(number: str) -> Path:
        [folder] = cases.glob(f"{number}-*")
        return folder

    return find
