"""image_retrain: how a person asks and reads the answer. No TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from modules.common.asking.request_files import picture_request
from modules.common.runtime.errors import SettingError

TAKES = "paths of pictures"
OPTIONS = {"top_k": "How many of the likeliest classes to name. Default: 5."}


def read_request(text_or_path: str, *, top_k: str = "") -> tuple[str, dict[str, Any]]:
    """Reads a picture; see `picture_request`.

    Args:
        text_or_path: Path of a picture.
        top_k: How many classes to name, 1 or more.

    Raises:
        DataError: If there is no such picture, or `top_k` is no such number.
    """
    request: dict[str, Any] = picture_request("image_retrain", text_or_path)
    if top_k:
        if not top_k.isascii() or not top_k.isdigit() or int(top_k) < 1:
            raise SettingError(f"top_k takes a whole number of 1 or more, found {top_k!r}")
        request["top_k"] = [int(top_k)]
    return "serving_default", request


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Says an answer: a line for each class.

    Args:
        request: What `read_request` gave.
        answer: Outputs of the signature, `[1, ...]` each.
        out: Not used: the answer is a text.
    """
    pairs = zip(answer["labels"][0], answer["probabilities"][0], strict=True)
    return "\n".join(f"{probability:6.1%}  {label}" for label, probability in pairs if label)
