"""A tiny valid declaration that tests vary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from modules.common.declaring.settings import setting
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task
from modules.common.declaring.training_settings import TrainingSettings


class Settings(TrainingSettings):
    """What may be set for the tiny task."""

    seed: int = setting(1)
    epochs: int = setting(20, smoke=2, search=(10, 20))
    augment: bool = setting(True, doc="Whether examples are changed at random.")
    head: str = setting("softmax", doc="What the model ends in.")


def declaration(**changes: Any) -> Task:
    """A valid task, but for `changes`."""
    values: dict[str, Any] = {
        "name": "tiny_task",
        "title": "A tiny task",
        "sources": (Source(pattern="*.txt", layout="a folder of text files"),),
        "features": (Feature(name="x", dtype="float32"), Feature(name="y", dtype="float32")),
        "label": "y",
        "settings": Settings,
        "metrics": (
            Metric(name="accuracy", doc="", baselines=("naive",), gate=Gate(baseline="naive")),
        ),
        "serving": Serving(
            inputs=(Field(name="x", dtype="float32"),),
            outputs=(Field(name="y", dtype="float32"),),
            example={"x": [1.0]},
        ),
    }
    return Task(**(values | changes))


@pytest.fixture
def declare() -> Callable[..., Task]:
    """Makes a tiny task, with changes."""
    return declaration
