"""A task that reads recordings, and made corpora in each layout."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from drawing import task
from run_executor import execute, read_back

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject
from components.example_gen.sound import clips, speech
from modules.common.declaring.settings import DATA, resolve, setting, tell
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.sound.settings import SpeechSettings
from modules.common.sound.sources import ListedSpeechSource, SideFileSource, WordFileSource

RATE_HZ = 16_000
WORDS, SIDE, LIST = WordFileSource(), SideFileSource(), ListedSpeechSource()
NAMES = [f"{speaker}_{number}" for speaker in "ABCDE" for number in range(4)]


class Settings(TrainingSettings, SpeechSettings):
    """What may be set for a task that reads recordings."""

    max_seconds: float = setting(20.0)


def texts(records: Sequence[Record]) -> set[str]:
    """What is said in them."""
    return set(features(records, "text"))


def speakers(records: Mapping[str, Sequence[Record]], split: str) -> set[str]:
    """Who speaks in a split."""
    return set(features(records[split], "speaker"))


def write_list(data: Path, name: str, rows: Sequence[str], encoding: str = "utf-8") -> None:
    """Writes a list of recordings, a row a line."""
    data.mkdir(parents=True, exist_ok=True)
    (data / name).write_bytes("".join(f"{row}\n" for row in rows).encode(encoding))


def sound_task(source: Source, quarantine_limit: float = 0.9) -> Task:
    """A task with this source."""
    return replace(task(source, settings=Settings), quarantine_limit=quarantine_limit)


def config_for(source: Source, data: Path, **settings: Any) -> ReadConfig:
    """What the reader of a source is told."""
    return ReadConfig(
        task_name="tiny_task",
        source=source,
        settings=tell(resolve(Settings, settings), DATA),
        data_dir=str(data),
    )


def tone(seconds: float = 0.5, rate_hz: int = RATE_HZ, frequency_hz: float = 440.0) -> np.ndarray:
    """A tone with a little noise, so that every sample matters; float64 `[n]`."""
    count = round(seconds * rate_hz)
    noise = np.random.default_rng(count).standard_normal(count)
    return 0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(count) / rate_hz) + 0.01 * noise


def write_sound(
    path: Path,
    samples: np.ndarray | None = None,
    rate_hz: int = RATE_HZ,
    subtype: str | None = None,
) -> None:
    """Writes a recording in the format that the name's end says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone() if samples is None else samples, rate_hz, subtype=subtype)


class Ingested:
    """What an executor gave.

    Attributes:
        train: Raw features of the examples to train on.
        eval: Those to evaluate on.
        rejects: Reason by place, bad or set aside.
        counts: `examples`, `quarantined` and `set_aside`.
    """

    def __init__(self, output: Path, counts: dict[str, int]) -> None:
        self.train = read_back(output, "train")
        self.eval = read_back(output, "eval")
        lines = (output / "quarantine" / "rejects.jsonl").read_text().splitlines()
        rejects = [json.loads(line) for line in lines]
        self.rejects = {
            f"{reject['path']} {reject['where']}".strip(): reject["reason"] for reject in rejects
        }
        self.set_aside = {reject["path"] for reject in rejects if reject["kind"] == "set aside"}
        self.counts = counts

    @property
    def all(self) -> Sequence[dict[str, Any]]:
        """All examples."""
        return [*self.train, *self.eval]

    def values(self, feature: str, split: str = "all") -> set[str]:
        """A text feature's values."""
        return {features[feature].decode() for features in getattr(self, split)}


def ingest(
    monkeypatch: pytest.MonkeyPatch,
    component: Any,
    source: Source,
    data: Path,
    output: Path,
    **settings: Any,
) -> Ingested:
    """Runs an executor on a folder."""
    output = output / component.__name__ / "examples" / "1"
    examples = execute(monkeypatch, component, sound_task(source), data, output, **settings)
    names = ("examples", "quarantined", "set_aside")
    return Ingested(output, {name: examples.get_int_custom_property(name) for name in names})


def read_folder(
    source: Source, data: Path, **settings: Any
) -> tuple[dict[str, list[Record]], dict[str, Reject]]:
    """Reads a folder without Beam: records by split, and rejects by place."""
    executor = {"speech": speech.Executor, "clips": clips.Executor}[
        source.component.rsplit(".", 2)[1]
    ]
    config = config_for(source, data, **settings)
    records: dict[str, list[Record]] = {"train": [], "eval": []}
    rejects = {}
    for item in executor.items(config, source.patterns):
        for result in executor.reader(item, config):
            if isinstance(result, Record):
                records[result.split].append(result)
            else:
                rejects[f"{result.path} {result.where}".strip()] = result
    return records, rejects


def features(records: Sequence[Record], name: str) -> list[Any]:
    """A raw feature of each record, in order of the recordings."""
    return [record.features[name] for record in records]


def write_word_files(
    data: Path, utterances: Mapping[str, Sequence[str]], kind: str = "wav", nested: bool = False
) -> None:
    """Writes THCHS-30's newer arrangement: IDs by split; the words of `A_1` are `甲 一`."""
    (data / "doc" / "trans").mkdir(parents=True, exist_ok=True)
    for split, names in utterances.items():
        lines = [f"{name} {' '.join(words(name))}\n" for name in names]
        (data / "doc" / "trans" / f"{split}.word.txt").write_text("".join(lines))
        for name in names:
            folder = data / "wav" / split / (name.split("_")[0] if nested else "")
            write_sound(folder / f"{name}.{kind}")


def write_side_files(data: Path, names: Sequence[str], kind: str = "wav") -> None:
    """Writes data_thchs30: a file of three lines beside each recording."""
    for name in names:
        write_sound(data / "data" / f"{name}.{kind}")
        text = f"{' '.join(words(name))}\njia3 yi1\nj ia3 i1\n"
        (data / "data" / f"{name}.{kind}.trn").write_text(text)


def words(name: str) -> str:
    """The transcript of a recording: its name in hanzi."""
    return name.translate(str.maketrans("ABCDE0123456789", "甲乙丙丁戊〇一二三四五六七八九", "_-"))
