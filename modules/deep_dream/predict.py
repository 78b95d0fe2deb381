"""deep_dream: how a person asks and reads the answer. No TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from modules.common.asking.request_files import picture_request
from modules.common.asking.request_numbers import parse_number
from modules.deep_dream.task import TASK

TAKES = "paths of pictures"
WRITES = ".png"
# A large photograph takes minutes.
TIMEOUT_S = 3600.0
OPTIONS = {
    "layers": "which layers to dream of: name=weight,name=weight",
    "channel": "the one channel of them to dream of; -1, the default, for all",
    "octaves": "how many sizes to dream at, 1 to 10; default 4",
    "octave_scale": "how much larger each is than the one before, more than 1; default 1.4",
    "iterations": "steps at each size, 1 to 100; default 10",
    "step": "mean change of a pixel by a step, in grey levels; default 1.5",
    "seed": "of the places where tiles begin; default 0",
}
_TYPES = {"octave_scale": float, "step": float}


def read_request(
    path: str,
    *,
    layers: str = "",
    channel: str = "",
    octaves: str = "",
    octave_scale: str = "",
    iterations: str = "",
    step: str = "",
    seed: str = "",
) -> tuple[str, dict[str, Any]]:
    """Reads a picture and what else a person said.

    Args:
        path: Path of a picture.
        layers: As `OPTIONS` says; so are the others, numbers as text, empty for the default.
        channel: See `OPTIONS`.
        octaves: See `OPTIONS`.
        octave_scale: See `OPTIONS`.
        iterations: See `OPTIONS`.
        step: See `OPTIONS`.
        seed: See `OPTIONS`.

    Returns:
        The signature's name and its inputs.

    Raises:
        DataError: If there is no such picture, or something is no number.
    """
    request: dict[str, Any] = picture_request("deep_dream", path)
    if layers:
        request["layers"] = [layers]
    for name, text in (
        ("channel", channel),
        ("octaves", octaves),
        ("octave_scale", octave_scale),
        ("iterations", iterations),
        ("step", step),
        ("seed", seed),
    ):
        if text:
            request[name] = [parse_number(name, text, _TYPES.get(name, int))]
    return "serving_default", request


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Writes the dreamt picture and says how the objective rose.

    Args:
        request: What `read_request` gave.
        answer: Outputs of the signature, `[1, ...]` each.
        out: Where to write; `deep_dream.png` in the current folder if `None`.
    """
    path = out or Path("deep_dream.png")
    path.write_bytes(answer["image"][0])
    [octaves] = request.get("octaves", [TASK.serving.input("octaves").default])
    [iterations] = request.get("iterations", [TASK.serving.input("iterations").default])
    found = answer["objective"][0][: octaves * iterations].reshape(octaves, iterations)
    rises = [
        f"octave {number}: {row[0]:.4g} → {row[-1]:.4g}" for number, row in enumerate(found, 1)
    ]
    return f"{path}\tobjective, {'; '.join(rises)}"
