"""A task that draws or reads pictures, and what it names by import path, for worker processes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from modules.common.declaring.settings import DATA, setting
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.drawn.sources import GeneratedSource
from modules.common.pictures.sources import ImageFolderSource
from modules.common.reading.settings import SplitFolderSettings
from modules.common.reading.split_folders import split_folder

DRAWN = GeneratedSource(
    layout="examples that are drawn", drawer="drawing.draw", count="drawn_examples"
)
FOLDER = ImageFolderSource(layout="a folder of TEXT.png", labeler="drawing.label_of")


class Settings(TrainingSettings, SplitFolderSettings):
    """What may be set for a task that draws pictures, or reads folders of them."""

    seed: int = setting(1, reads=DATA)
    batch_size: int = setting(8)
    learning_rate: float = setting(0.1)
    drawn_examples: int = setting(300, at_least=1, reads=DATA, doc="Examples that are drawn.")
    digits: str = setting("0123456789", reads=DATA, doc="Characters that a label is made of.")


def task(*sources: Source, settings: type[TrainingSettings] = Settings) -> Task:
    """A task with these sources, and settings that derive from what they read."""
    return Task(
        name="tiny_task",
        title="A tiny task",
        sources=sources,
        features=(Feature(name="text", dtype="string"),),
        label="text",
        settings=settings,
        metrics=(Metric(name="accuracy", doc="", baselines=("b",), gate=Gate(baseline="b")),),
        serving=Serving(
            inputs=(Field(name="image", dtype="string"),),
            outputs=(Field(name="text", dtype="string"),),
            example={"image": [b""]},
        ),
        quarantine_limit=0.2,
    )


def draw(index: int, settings: Settings) -> dict[str, Any]:
    """A text that follows from index and seed; every fiftieth cannot be drawn."""
    if index % 50 == 49:
        raise ValueError("no such font")
    return {"text": f"{index * settings.seed}", "image": index.to_bytes(4, "big")}


def draw_and_say_where(index: int, settings: Settings) -> dict[str, Any]:
    """The process it runs in, and what is imported there."""
    import sys

    time.sleep(0.01)
    heavy = {"tensorflow", "tfx", "apache_beam", "keras"} & set(sys.modules)
    return {"process": os.getpid(), "heavy": sorted(heavy)}


def die(index: int, settings: Settings) -> dict[str, Any]:
    """Ends the process, as the kernel does where memory ran out."""
    if index == 150:
        os._exit(9)
    return {"text": ""}


def fail(index: int, settings: Settings) -> dict[str, Any]:
    """Has a mistake in it."""
    raise KeyError("nothing is called so")


def label_of(path: str, settings: Settings) -> dict[str, str]:
    """The text before the first underscore of a file's name."""
    text = Path(path).stem.split("_")[0]
    if not re.fullmatch(f"[{settings.digits}]+", text):
        raise ValueError(f"expected digits, found {text!r}")
    return {"text": text}


def write_picture(path: Path, grey: int, size: tuple[int, int] = (8, 6)) -> None:
    """Writes a picture of one grey, in the format that the name's end says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, grey).save(path)


def row_label(row: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """The age of a row."""
    if row["age"] in ("", "None"):
        raise ValueError(f"age: expected a number, found {row['age']!r}")
    return {"text": row["age"]}


def split_or_refuse(path: str, settings: Settings) -> str | None:
    """As the folders say; what lies in `odd/` is refused."""
    if path.startswith("odd/"):
        raise ValueError("odd/ is of no split")
    return split_folder(path, settings)
