"""What became no example, counted by its reason."""

from __future__ import annotations

import json
from pathlib import Path

from gallery.report.data.quarantined import list_reasons


def write(path: Path, *rejects: tuple[str, str, str]) -> str:
    lines = [
        json.dumps(
            {"path": f"{place}.csv", "where": f"line {place}", "reason": reason, "kind": kind}
        )
        for place, reason, kind in rejects
    ]
    path.write_text("\n".join([*lines, "damaged {"]), encoding="utf-8")
    return str(path)


def test_reasons_that_differ_in_particulars_are_one(tmp_path: Path) -> None:
    rejects = [(str(number), f"found '{number}', 3 expected", "bad") for number in range(7)]
    rejects += [("9", "a duplicate", "set aside")]
    first, second = list_reasons(write(tmp_path / "rejects.jsonl", *rejects))
    assert (first.count, first.reason, first.kind) == (7, "found '0', 3 expected", "bad")
    assert first.places == ["0.csv, line 0", "1.csv, line 1", "2.csv, line 2"]
    assert (second.count, second.kind) == (1, "set aside")


def test_what_is_of_another_kind_is_another_reason(tmp_path: Path) -> None:
    found = list_reasons(write(tmp_path / "r", ("1", "small", "bad"), ("2", "small", "set aside")))
    assert {each.kind for each in found} == {"bad", "set aside"}


def test_no_file_holds_nothing(tmp_path: Path) -> None:
    assert list_reasons(str(tmp_path / "none")) == list_reasons("") == []
