"""Asks a task as `lianxi predict` does, up to the request and from the answer on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modules.common.asking.asking import Answer, Request, asker_of
from modules.common.declaring.task import Task


def read_request(task: Task, text: str = "", **given: str) -> tuple[str, Request]:
    """Reads a question and what a person says besides, as text."""
    asker = asker_of(task)
    return asker.read(text, asker.parse(given))


def show(task: Task, request: Any, answer: Answer, out: Path | None = None, **given: str) -> str:
    """Says an answer."""
    asker = asker_of(task)
    return asker.show(request, answer, out, asker.parse(given))
