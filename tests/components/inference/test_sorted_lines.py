"""Records in order without holding all of them."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest

from components.inference import sorted_lines


def shuffled(count: int) -> list[tuple[int, bytes]]:
    records = [
        ((7 * place) << 32, b"x" * (place % 5) + str(place).encode()) for place in range(count)
    ]
    random.Random(1).shuffle(records)
    return records


@pytest.mark.parametrize("max_bytes", [10**9, 20_000, 1_000])
@pytest.mark.parametrize("count", [0, 1, 3_000])
def test_records_come_in_the_order_of_their_places(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, count: int, max_bytes: int
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    records = shuffled(count)
    found = list(sorted_lines.sort(iter(records), max_bytes))
    assert found == [record for _, record in sorted(records)]
    assert not list(tmp_path.iterdir())


def test_only_so_many_files_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorted_lines, "_MOST_FILES", 3)
    merged: list[int] = []
    merge = sorted_lines._merge
    monkeypatch.setattr(
        sorted_lines, "_merge", lambda runs, part: merged.append(len(runs)) or merge(runs, part)
    )
    records = shuffled(1_000)
    assert list(sorted_lines.sort(iter(records), 10_000)) == [each for _, each in sorted(records)]
    assert max(merged) == 3 and len(merged) > 2


def test_no_more_is_held_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    write = sorted_lines._write
    monkeypatch.setattr(
        sorted_lines, "_write", lambda part, folder: sizes.append(len(part)) or write(part, folder)
    )
    list(sorted_lines.sort(iter(shuffled(1_000)), 20_000))
    assert 0 < max(sizes) <= 20_000 // 150 + 1
