"""Corpora of speech as people have them, counted by a dry run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dry_runs import DryRun


@pytest.mark.e2e
@pytest.mark.parametrize("number", ["40", "47"])
def test_all_twenty_utterances_are_counted(
    number: str,
    case: Callable[[str], Path],
    dry: DryRun,
) -> None:
    code, told, said = dry("chinese_asr", case(number) / "in")
    assert code == 0, said
    found = told["dry_run"]
    assert sum(found["by_split"].values()) == 20
    assert sum(found["amounts"]["speakers"].values()) == 4
    assert not found["quarantined"] and not found["anomalies"]
