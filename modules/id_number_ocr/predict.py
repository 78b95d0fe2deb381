"""id_number_ocr: how a person asks and reads the answer. No TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from modules.common.asking.request_files import picture_request

TAKES = "paths of pictures"


def read_request(text_or_path: str) -> tuple[str, dict[str, Any]]:
    """Reads a picture of one line, the number; see `picture_request`."""
    return "serving_default", picture_request("id_number_ocr", text_or_path)


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Says an answer in one line.

    Args:
        request: What `read_request` gave.
        answer: Outputs of the signature, `[1, ...]` each.
        out: Not used: the answer is a text.
    """
    number, repaired, birth_date, gender = (
        _text(answer[name][0]) for name in ("number", "repaired_number", "birth_date", "gender")
    )
    line = f"{number} (probability {float(answer['confidence'][0]):.2f})"
    if bool(answer["checksum_ok"][0]):
        line += ", check character agrees"
    elif repaired != number:
        line += f", check character disagrees; likeliest {repaired}"
    else:
        line += ", check character disagrees"
    return f"{line}; born {birth_date or 'on no date'}, {gender}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
