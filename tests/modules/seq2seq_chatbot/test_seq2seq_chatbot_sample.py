"""Sample conversations: seeded, in the real layout, and with replies that depend on questions."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from components.example_gen.dialogue.dialogue_reader import read_dialogue
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record
from modules.common.runtime.errors import DataError
from modules.seq2seq_chatbot.sample.maker import write_sample
from modules.seq2seq_chatbot.sample.talks import talks
from modules.seq2seq_chatbot.task import TASK, Settings


def write(folder: Path, seed: int = 1, count: int = 200) -> dict[str, bytes]:
    write_sample(folder, Settings(seed=seed, sample_conversations=count))
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def read(folder: Path, pairing: str) -> list[tuple[str, str]]:
    """All pairs; fails where anything is rejected but lines in no pair."""
    config = ReadConfig(
        task_name=TASK.name,
        source=TASK.sources[0],
        settings=TASK.resolve({"pairing": pairing}),
        data_dir=str(folder),
    )
    items = [item for path in folder.iterdir() for item in read_dialogue(str(path), config)]
    assert all(isinstance(item, Record) for item in items)
    return [(item.features["question"], item.features["reply"]) for item in items]


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    first = write(tmp_path / "a")
    assert write(tmp_path / "b") == first and list(first) == ["everyday.conv", "slashes.conv"]
    other = write(tmp_path / "c", seed=2)
    assert all(other[name] != first[name] for name in first)


@pytest.mark.parametrize("count", [2, 7, 200])
def test_the_layout(tmp_path: Path, count: int) -> None:
    files = write(tmp_path, count=count)
    lines = {name: contents.decode().split("\r\n") for name, contents in files.items()}
    assert sum(found.count("E") for found in lines.values()) == count
    assert not any("\n" in line for found in lines.values() for line in found)
    assert "/" not in files["everyday.conv"].decode()
    said = [line[2:] for line in lines["slashes.conv"] if line.startswith("M ")]
    assert said and all(set(line[1::2]) == {"/"} and "/" not in line[::2] for line in said)


@pytest.mark.parametrize("pairing", ["two_by_two", "successors"])
def test_the_reader_uses_every_line(tmp_path: Path, pairing: str) -> None:
    write(tmp_path, count=300)
    wanted = [
        (talk[place], talk[place + 1])
        for talk in talks(300, 1)
        for place in range(0, len(talk) - 1, 2 if pairing == "two_by_two" else 1)
    ]
    assert Counter(read(tmp_path, pairing)) == Counter(wanted)


def test_thousands_of_conversations_differ() -> None:
    found = talks(4000, 5)
    assert len(set(found)) == 4000 and found[:50] == talks(50, 5)
    lines = [line for talk in found for line in talk]
    assert max(map(len, lines)) <= 30 and all(line == " ".join(line.split()) for line in lines)
    assert 300 < len(set("".join(lines))) < 1000
    assert not any(mark in line for line in lines for mark in "{}|_/")
    assert 0.05 < np.mean([" " in line for line in lines]) < 0.5


def test_too_few_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected sample_conversations of 2 or more, found 1"):
        write(tmp_path, count=1)


def test_more_than_there_are_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modules.seq2seq_chatbot.sample.talks._SCENES", (("你好",),))
    for chance in ("_GREETED", "_PARTED"):
        monkeypatch.setattr(f"modules.seq2seq_chatbot.sample.talks.{chance}", 0.0)
    with pytest.raises(DataError, match="different conversations, not 100; set sample_conv"):
        talks(100, 1)


def test_a_reply_says_again_what_was_asked(tmp_path: Path) -> None:
    """Rare words of a reply are in its own question far more often than in another."""
    write(tmp_path, count=1000)
    pairs = read(tmp_path, "successors")
    seen = Counter(char for _, reply in pairs for char in set(reply))
    rare = {char for char, count in seen.items() if count < 0.03 * len(pairs)}
    echoed = [len(rare & set(reply) & set(question)) for question, reply in pairs]
    shifted = [
        len(rare & set(reply) & set(question))
        for (_, reply), (question, _) in zip(pairs, pairs[5000:] + pairs[:5000], strict=True)
    ]
    assert sum(echoed) > 20 * sum(shifted) and sum(echoed) > len(pairs)


def test_it_is_light() -> None:
    heavy = "{'numpy', 'tensorflow', 'tfx', 'keras'} & set(sys.modules)"
    code = f"import sys, modules.seq2seq_chatbot.sample.maker; print(sorted({heavy}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
