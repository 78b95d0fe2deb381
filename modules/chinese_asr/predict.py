"""chinese_asr: how a person asks and reads the answer. No TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from modules.common.asking.request_files import recording_request
from modules.common.asking.request_numbers import parse_number

TAKES = "paths of recordings"
OPTIONS = {
    "beam_width": "how many texts are weighed against each other, 1 to 64; 1 takes the likeliest "
    "symbol of each moment",
    "lm_weight": "how much the language model counts, 0 or more; 0 leaves it out",
}
_TYPES: dict[str, type[int] | type[float]] = {"beam_width": int, "lm_weight": float}


def read_request(
    text_or_path: str, *, beam_width: str = "", lm_weight: str = ""
) -> tuple[str, dict[str, Any]]:
    """Reads a recording and what else a person said.

    Args:
        text_or_path: Path of a recording: wav as it is; flac, ogg and mp3 become 16-bit WAV.
        beam_width: As `OPTIONS` says, a number as text; empty for the default.
        lm_weight: See `OPTIONS`.

    Returns:
        The signature's name and its inputs.

    Raises:
        DataError: If there is no such file, it is no recording, or something is no number.
    """
    request: dict[str, Any] = {"wav": [recording_request("chinese_asr", text_or_path)]}
    for name, text in (("beam_width", beam_width), ("lm_weight", lm_weight)):
        if text:
            request[name] = [parse_number(name, text, _TYPES[name])]
    return "serving_default", request


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Says an answer in one line.

    Args:
        request: What `read_request` gave.
        answer: Outputs of the signature, `[1]` each.
        out: Not used: the answer is a text.
    """
    [text], [confidence], [seconds] = (
        answer[name] for name in ("text", "confidence", "duration_s")
    )
    said = text or "(no character heard)"
    return f"{said}\tconfidence {confidence:.0%} a character, {seconds:.1f} s of sound"
