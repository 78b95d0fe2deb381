"""Reads a folder of pictures as a task's ExampleGen does, but without Beam."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from components.example_gen.pictures.image_folder import Executor
from components.example_gen.pictures.image_reader import read_picture
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, tell
from modules.common.pictures.sources import ImageFolderSource


@dataclass(kw_only=True)
class Ingested:
    """What came of a folder.

    Attributes:
        splits: `train` or `eval` by path.
        features: Raw features by path.
        reasons: Why a file is not used, by path.
        bad: Paths of those that are quarantined.
        passed_over: Files that nothing reads, by ending.
    """

    splits: dict[str, str] = field(default_factory=dict)
    features: dict[str, dict[str, Any]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)
    passed_over: dict[str, int] = field(default_factory=dict)

    def labels(self, feature: str = "label") -> dict[str, str]:
        """Gives a feature by path."""
        return {path: features[feature] for path, features in self.features.items()}


def ingest(task_name: str, data: Path, **settings: Any) -> Ingested:
    """Reads all pictures of a folder with a task's folder source."""
    task = load_task(task_name)
    [source] = [source for source in task.sources if isinstance(source, ImageFolderSource)]
    config = ReadConfig(
        task_name=task_name,
        source=source,
        settings=tell(task.resolve(settings), DATA),
        data_dir=str(data),
    )
    items = Executor.items(config, source.patterns)
    config = Executor.prepare(items, config)
    found = Ingested(passed_over=Executor.passed_over(config, source.patterns, items))
    Executor.check(items, config)
    for path in items:
        relative = config.relative(path)
        for result in read_picture(path, config):
            if isinstance(result, Record):
                found.splits[relative] = result.split
                found.features[relative] = dict(result.features)
            else:
                found.reasons[relative] = result.reason
                if result.kind == "bad":
                    found.bad.append(relative)
    return found


def write_pictures(data: Path, *names: str, size: tuple[int, int] = (24, 20)) -> None:
    """Writes a different picture in colour for each name."""
    for number, name in enumerate(names):
        path = data / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), np.uint8)
        Image.fromarray(pixels).save(path, None if path.suffix.lower() in _NAMED else "JPEG")


_NAMED = (".png", ".jpg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
