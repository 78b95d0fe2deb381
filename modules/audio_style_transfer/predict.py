"""audio_style_transfer: how a person names two recordings and gets a third. No TensorFlow."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np

from modules.common.asking.request_files import recording_request
from modules.common.asking.request_numbers import parse_number
from modules.common.runtime.errors import SettingError

TAKES = "no input: the two recordings are options"
NEEDS_INPUT = False
WRITES = ".wav"
# Minutes of sound take an hour.
TIMEOUT_S = 4 * 3600.0
OPTIONS = {
    "content": "path of the recording to change (wav, flac, ogg, mp3)",
    "style": "path of the recording in whose style it shall be, likewise",
    "iterations": "of the optimizer, 1 to 1000; default 300",
    "content_weight": "how much the content counts beside the style, 0 or more; default 0.01",
}


def read_request(
    text: str,
    *,
    content: str = "",
    style: str = "",
    iterations: str = "",
    content_weight: str = "",
) -> tuple[str, dict[str, Any]]:
    """Reads both recordings and what else a person said.

    Args:
        text: Empty: there is no input.
        content: As `OPTIONS` says; so are the others, numbers as text, empty for the default.
        style: See `OPTIONS`.
        iterations: See `OPTIONS`.
        content_weight: See `OPTIONS`.

    Returns:
        The signature's name and its inputs.

    Raises:
        DataError: For an input, if a recording is not named or not there, or something is no
            number.
    """
    if text or not content or not style:
        raise SettingError(
            "audio_style_transfer takes two recordings, --content FILE and --style FILE"
            + (f", found {text!r}" if text else "")
        )
    request: dict[str, Any] = {
        name: [recording_request("audio_style_transfer", path)]
        for name, path in (("content", content), ("style", style))
    }
    if iterations:
        request["iterations"] = [parse_number("iterations", iterations, int)]
    if content_weight:
        request["content_weight"] = [parse_number("content_weight", content_weight, float)]
    return "serving_default", request


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Writes the recording and says how long it is and what it differs by.

    Args:
        request: Not used.
        answer: Outputs of the signature, `[1]` each.
        out: Where to write; `audio_style_transfer.wav` in the current folder if `None`.
    """
    path = out or Path("audio_style_transfer.wav")
    contents = answer["wav"][0]
    path.write_bytes(contents)
    with wave.open(io.BytesIO(contents)) as file:
        seconds = file.getnframes() / file.getframerate()
    losses = (f"{float(answer[f'{name}_loss'][0]):.4g}" for name in ("style", "content"))
    return "{}\t{:.1f} s, style loss {}, content loss {}".format(path, seconds, *losses)
