"""seq2seq_chatbot: how a person says something and reads the replies. No TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from modules.common.asking.request_numbers import parse_number

TAKES = "what is said; without any, a conversation begins"
CONVERSES = True
OPTIONS = {
    "beam_width": "How many replies are looked for or drawn, 1 to 32. Default: 5.",
    "temperature": "0 looks for the likeliest replies; above 0 they are drawn, 1 as the model "
    "says, more is bolder. Default: 0.",
    "top_p": "Draws only among the likeliest characters with this much probability together, "
    "above 0 to 1. Default: 0.9.",
    "seed": "Another seed, other draws. Default: 0.",
}
_TYPES: dict[str, type[int] | type[float]] = {
    "beam_width": int,
    "temperature": float,
    "top_p": float,
    "seed": int,
}


def read_request(text: str, **settings: str) -> tuple[str, dict[str, Any]]:
    """Reads what is said, and how it is to be answered.

    Args:
        text: What is said.
        **settings: By the names in `OPTIONS`, numbers as text; empty for the default.

    Returns:
        The signature's name and its inputs.

    Raises:
        DataError: If something is no number.
    """
    request: dict[str, Any] = {"text": [text]}
    for name, said in settings.items():
        if said:
            request[name] = [parse_number(name, said, _TYPES[name])]
    return "serving_default", request


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Says the replies, best first, a line each, with their scores.

    Args:
        request: What `read_request` gave.
        answer: `replies` and `scores`, `[1, replies]` each.
        out: Not used: the answer is text.
    """
    lines = [
        f"{score:8.3f}  {_text(reply)}"
        for reply, score in zip(answer["replies"][0], answer["scores"][0], strict=True)
        if reply
    ]
    return "\n".join(lines)


def reply(request: dict[str, Any], answer: dict[str, np.ndarray]) -> str:
    """Says the best reply alone, as one says it in a conversation; see `show`."""
    return _text(answer["replies"][0][0])


def _text(reply: bytes | str) -> str:
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
