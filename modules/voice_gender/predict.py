"""voice_gender: what `lianxi predict voice_gender` takes and shows. No TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from modules.common.asking.request_files import recording_request

TAKES = "paths of recordings"


def read_request(text_or_path: str) -> tuple[str, dict[str, list]]:
    """Reads a recording.

    Args:
        text_or_path: Path of a recording: wav as it is; flac, ogg and mp3 become 16-bit WAV.

    Returns:
        `serve_wav` and its input.

    Raises:
        DataError: If there is no such file, or it is not a recording.
    """
    return "serve_wav", {"wav": [recording_request("voice_gender", text_or_path)]}


def show(request: dict[str, list], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Says an answer in one line.

    Args:
        request: What `read_request` gave.
        answer: Outputs of the signature, `[1]` each.
        out: Not used: the answer is a text.
    """
    label = answer["label"][0]
    text = label.decode() if isinstance(label, bytes) else str(label)
    line = f"{text} (probability {float(answer['probability'][0]):.2f})"
    if "meanfun" in answer:
        line += f", mean fundamental {1000 * float(answer['meanfun'][0]):.0f} Hz"
    return line
