"""Folders of recordings that nobody decodes, with lists of them, and what is found there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from speech_corpora import NAMES, config_for, words

from components.example_gen.records import Reject
from components.example_gen.sound.speech import Executor
from components.example_gen.sound.speech_reader import Utterance
from modules.common.declaring.registry import load_task
from pipelines.data import locate
from pipelines.environment import Environment


def touch(data: Path, names: Sequence[str] = NAMES, folder: str = "wav") -> None:
    """Makes recordings that nobody decodes."""
    (data / folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        (data / folder / f"{name}.wav").touch()


def found(data: Path) -> tuple[dict[str, Utterance], list[Reject]]:
    """Utterances by name, and what is left over, of a folder that a person named."""
    location = locate(
        load_task("chinese_asr"), str(data), Environment(name="local", root=str(data)), {}
    )
    items = Executor.items(config_for(location.source, Path(location.folder)), location.patterns)
    utterances = [item for item in items if isinstance(item, Utterance)]
    rejects = [item for item in items if isinstance(item, Reject)]
    return {Path(item.path).stem: item for item in utterances}, rejects


def assert_all(data: Path, names: Sequence[str] = NAMES) -> dict[str, Utterance]:
    """Sees that each recording has its own words, and nothing is left over."""
    utterances, rejects = found(data)
    assert not rejects
    assert {name: utterance.text for name, utterance in utterances.items()} == {
        name: words(name).replace("_", "") for name in names
    }
    return utterances
