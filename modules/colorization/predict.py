"""colorization: how a person asks and gets the coloured picture. No TensorFlow."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from modules.common.asking.request_files import picture_request

TAKES = "paths of pictures"
WRITES = ".png"
# A picture of 16 million pixels takes some seconds.
TIMEOUT_S = 120.0

_WORDS = (
    (109.0, "extremely colourful"),
    (82.0, "highly colourful"),
    (59.0, "quite colourful"),
    (45.0, "averagely colourful"),
    (33.0, "moderately colourful"),
    (15.0, "slightly colourful"),
    (0.0, "hardly colourful"),
)
"""Least colourfulness for each word, of Hasler & Suesstrunk (2003)."""


def read_request(path: str) -> tuple[str, dict[str, Any]]:
    """Reads a picture; see `picture_request`."""
    return "serving_default", picture_request("colorization", path)


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Writes the coloured picture; says its size and how colourful it is.

    Args:
        request: What `read_request` gave.
        answer: Outputs of the signature, `[1, ...]` each.
        out: Where to write; `colorization.png` in the current folder if `None`.
    """
    path = out or Path("colorization.png")
    [content], [value] = answer["image"], answer["colourfulness"]
    path.write_bytes(content)
    width, height = Image.open(io.BytesIO(content)).size
    word = next(word for least, word in _WORDS if value >= least)
    return f"{path}\t{width} x {height}, {word} ({value:.0f})"
