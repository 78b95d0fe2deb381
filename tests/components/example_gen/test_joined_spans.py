"""What is in two spans falls on one side of the split, when a window of them is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from drawing import FOLDER, task, write_picture
from run_executor import execute, read_back

from components.example_gen.pictures.image_folder import ImageFolderExampleGen
from components.example_gen.sound.clips import ClipExampleGen
from components.example_gen.tables.example_gen import CsvExampleGen
from modules.common.declaring.registry import load_task
from modules.common.declaring.task import Task
from pipelines.data import locate
from pipelines.environment import Environment


def read_window(
    monkeypatch: pytest.MonkeyPatch, component_class: Any, declared: Task, folder: Path
) -> dict[str, list[dict[str, Any]]]:
    """Reads spans 1 and 2 below a folder together; gives the examples of each split."""
    env = Environment(name="local", root=str(folder / "root"))
    settings = declared.resolve({})
    found = locate(declared, f"{folder}/days/{{SPAN}}", env, settings, window=2)
    output = folder / "examples"
    execute(monkeypatch, component_class, declared, found.folder, output)
    return {split: read_back(output, split) for split in ("train", "eval")}


def test_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for span in ("1", "2"):
        rows = [f"王{chr(0x4E00 + at)},{'男女'[(at + int(span)) % 2]}" for at in range(100)]
        path = tmp_path / "days" / span / "names.csv"
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(["name,gender", *rows]), encoding="utf-8")
    splits = read_window(monkeypatch, CsvExampleGen, load_task("name_gender"), tmp_path)
    names = {split: [each["name"] for each in examples] for split, examples in splits.items()}
    assert len(names["train"]) + len(names["eval"]) == 200
    assert not set(names["train"]) & set(names["eval"])
    assert all(names[split].count(name) == 2 for split in names for name in names[split])


def test_pictures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for span in ("1", "2"):
        for grey in range(40):
            write_picture(tmp_path / "days" / span / f"{grey}_{span}.png", 6 * grey)
    splits = read_window(monkeypatch, ImageFolderExampleGen, task(FOLDER), tmp_path)
    texts = {split: {each["text"] for each in examples} for split, examples in splits.items()}
    assert len(texts["train"] | texts["eval"]) == 40
    assert not texts["train"] & texts["eval"]


def test_clips_which_are_ranked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    for span in ("1", "2"):
        folder = tmp_path / "days" / span
        folder.mkdir(parents=True)
        for at in range(3):
            soundfile.write(folder / f"{span}{at}.wav", noise.normal(0, 0.1, 16_000), 16_000)
    declared = load_task("audio_style_transfer")
    splits = read_window(monkeypatch, ClipExampleGen, declared, tmp_path)
    # Ranked in each span alone, the share would be another.
    assert {split: len(examples) for split, examples in splits.items()} == {"train": 4, "eval": 2}
