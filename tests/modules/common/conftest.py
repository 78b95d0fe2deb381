"""A tiny valid declaration that tests vary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from modules.common.declaring.sources import Source
from modules.common.declaring.task import Feature, Field, Gate, Metric, Serving, Task


def declaration(**changes: Any) -> Task:
    """A valid task, but for `changes`."""
    values: dict[str, Any] = {
        "name": "tiny_task",
        "title": "A tiny task",
        "sources": (Source(pattern="*.txt", layout="a folder of text files"),),
        "features": (Feature(name="x", dtype="float32"), Feature(name="y", dtype="float32")),
        "label": "y",
        "hparams": {
            "seed": 1,
            "epochs": 20,
            "learning_rate": 1e-3,
            "augment": True,
            "head": "softmax",
        },
        "smoke": {"epochs": 2},
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
