"""voice_gender: what `lianxi predict voice_gender` takes and shows. No TensorFlow."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from modules.common.errors import DataError
from modules.common.request_files import named_file

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
    path = named_file("voice_gender", "a recording (wav, flac, ogg, mp3)", text_or_path)
    contents = path.read_bytes()
    is_wav = contents[:4] == b"RIFF" and contents[8:12] == b"WAVE"
    return "serve_wav", {"wav": [contents if is_wav else _to_wav(path, contents)]}


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


def _to_wav(path: Path, contents: bytes) -> bytes:
    import soundfile

    try:
        samples, rate_hz = soundfile.read(io.BytesIO(contents), dtype="float32")
    except soundfile.LibsndfileError as error:
        raise DataError(
            f"{path} is not a recording that can be read; expected wav, flac, ogg or mp3"
        ) from error
    encoded = io.BytesIO()
    soundfile.write(encoded, samples, rate_hz, format="WAV", subtype="PCM_16")
    return encoded.getvalue()
