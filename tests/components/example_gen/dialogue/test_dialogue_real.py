"""The real conversations in ../shared/data, read as they are, against a count of another kind."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from conv_files import TASK, Pair, read_file
from run_executor import execute, read_back

from components.example_gen.dialogue.example_gen import DialogueExampleGen

NAMES = ("haosys", "lost", "prisonb")
GARBLED = re.compile("[^\u2e80-\uffff]*[\u00c0-\u02ff][^\u2e80-\uffff]*")


def count(path: Path, step: int) -> tuple[list[Pair], int, int]:
    """Cuts a file whole at its lines E: pairs, lines that are said, lines that are not used."""
    pairs, said, unused = [], 0, 0
    for part in re.split(r"^E *\r?$", path.read_bytes().decode(), flags=re.MULTILINE):
        lines = [" ".join(line.split()) for line in re.findall(r"^M (.*\S.*)$", part, re.MULTILINE)]
        good = [len(line) <= 60 and not GARBLED.fullmatch(line) for line in lines]
        said += sum(good)
        unused += good.count(False)
        pairs += [
            (lines[n], lines[n + 1])
            for n in range(0, len(lines) - 1, step)
            if good[n] and good[n + 1]
        ]
    return pairs, said, unused


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("pairing", "step"), [("two_by_two", 2), ("successors", 1)])
def test_every_line_is_accounted_for(shared_data: Path, name: str, pairing: str, step: int) -> None:
    path = shared_data / "dialogue" / f"{name}.conv"
    pairs, said, unused = count(path, step)
    found = read_file(path, pairing=pairing)
    assert found.pairs == pairs and len(pairs) > 8000
    assert len(found.rejects) == unused
    lines = [line for line in path.read_bytes().split(b"\n") if line.startswith(b"M ")]
    assert said + unused == len(lines)
    alone, of = map(int, re.findall(r"\d+", found.alone.replace(",", ""))[:2])
    assert of == said
    if step == 2:
        assert alone + 2 * len(pairs) == said


def test_what_is_not_used(shared_data: Path) -> None:
    rejects = {name: read_file(shared_data / "dialogue" / f"{name}.conv").rejects for name in NAMES}
    assert not rejects["haosys"] and not rejects["prisonb"]
    kinds = [reject.kind for reject in rejects["lost"]]
    # A stretch of lost.conv was read as ISO 8859-2 once and encoded again.
    assert kinds.count("set aside") == 1 and kinds.count("bad") == 565
    places = [int(reject.where.split()[1]) for reject in rejects["lost"] if reject.kind == "bad"]
    assert places == sorted(places) and places[0] > 46_000 and places[-1] < 46_800


def test_the_odd_line_is_read(shared_data: Path) -> None:
    found = read_file(shared_data / "dialogue" / "haosys.conv")
    assert "无休止地教训别人 到什么程度" in {line for pair in found.pairs for line in pair}


def test_all_files_as_tfx_reads_them(
    shared_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    data, output = shared_data / "dialogue", tmp_path / "component" / "examples" / "1"
    began = time.perf_counter()
    examples = execute(monkeypatch, DialogueExampleGen, TASK, data, output, pairing="two_by_two")
    took_s = time.perf_counter() - began
    wanted = [pair for name in NAMES for pair in count(data / f"{name}.conv", 2)[0]]
    train, held_out = (read_back(output, split) for split in ("train", "eval"))
    found = [(each["question"].decode(), each["reply"].decode()) for each in [*train, *held_out]]
    assert sorted(found) == sorted(wanted)
    assert 0.08 < len(held_out) / len(found) < 0.12
    assert examples.get_int_custom_property("quarantined") == 565
    with capsys.disabled():
        print(f"\n146,794 lines, {len(found):,} pairs: {took_s:.1f} s through the component")
