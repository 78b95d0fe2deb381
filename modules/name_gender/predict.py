"""name_gender: how a person asks and reads the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from modules.common.text.normal_text import normalized

TAKES = "names"


def read_request(text: str) -> tuple[str, dict[str, Any]]:
    """Makes a request of one name, spelled as in training; gives the signature and its inputs."""
    return "serving_default", {"name": [normalized(text)]}


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Writes an answer as a line: name, label, probability, and what was not known."""
    [name], [label], [probability] = request["name"], answer["label"], answer["probability"]
    known = float(answer["known"][0])
    doubt = "" if known == 1 else f"  ({1 - known:.0%} of its characters were not seen in training)"
    return f"{name}\t{label}\t{probability:.1%}{doubt}"
