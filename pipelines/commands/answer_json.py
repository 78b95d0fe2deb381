"""An answer of a model as a line of JSON, for programs."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from pipelines.standard_streams import json_line


def answer_line(answer: dict[str, np.ndarray]) -> str:
    """Gives an answer as JSON can say it: bytes as TensorFlow Serving's REST API writes them.

    Args:
        answer: Arrays by the names of the served outputs, of any shape and dtype.
    """
    return json_line({name: _plain(np.asarray(array).tolist()) for name, array in answer.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return value
