"""captcha_ocr: how a person asks and reads the answer. No TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from modules.common.asking.request_files import picture_request

TAKES = "paths of pictures"


def read_request(text_or_path: str) -> tuple[str, dict[str, Any]]:
    """Reads a captcha; see `picture_request`."""
    return "serving_default", picture_request("captcha_ocr", text_or_path)


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Says an answer in one line.

    Args:
        request: What `read_request` gave.
        answer: Outputs of the signature, `[1, ...]` each.
        out: Not used: the answer is a text.
    """
    [text], [confidence] = answer["text"], answer["confidence"]
    by_character = zip(text, answer["character_confidences"][0], strict=False)
    doubtful = [f"{character} {share:.0%}" for character, share in by_character if share < 0.9]
    doubt = f"; in doubt: {', '.join(doubtful)}" if doubtful else ""
    return f"{text}\t{confidence:.1%}{doubt}"
