"""No case is without a test."""

from __future__ import annotations

import re
from pathlib import Path


def test_each_case_is_asked_for_by_some_test(cases: Path) -> None:
    here = Path(__file__).parent
    text = "".join(path.read_text(encoding="utf-8") for path in here.glob("test_*.py"))
    asked = set(re.findall(r'"(\d\d)"', text))
    there = {path.name.partition("-")[0] for path in cases.iterdir() if path.is_dir()}
    assert there and there <= asked
