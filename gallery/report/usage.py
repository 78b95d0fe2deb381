"""Makes the section on how the model is served and asked."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass

from modules.common.asking.asking import asker_of
from modules.common.declaring.fields import FILE_KINDS
from modules.common.declaring.task import Task
from pipelines.environment import Environment

_ENDINGS = {"picture": "photo.jpg", "sound": "speech.wav", "midi": "tune.mid"}


@dataclass(frozen=True, kw_only=True)
class Usage:
    """The section.

    Attributes:
        latency_ms: What a request of the task's example took; `None` where it is not known.
        most_ms: What it may take.
        size_mb: What the exported model takes on disk; `None` where there is none.
        commands: What serves and asks it, each with what it does.
        client: The same from Python.
    """

    latency_ms: float | None
    most_ms: float
    size_mb: float | None
    commands: tuple[tuple[str, str], ...]
    client: str


def make_section(
    task: Task, env: Environment, latency_ms: float | None, saved_model_dir: str
) -> Usage:
    """Says how a model is served and asked.

    Args:
        task: The declaration.
        env: Where it was trained.
        latency_ms: What ServingValidator measured.
        saved_model_dir: The exported model, or nothing.
    """
    return Usage(
        latency_ms=latency_ms,
        most_ms=task.max_latency_ms,
        size_mb=_size_mb(saved_model_dir) if saved_model_dir else None,
        commands=(
            (f"lianxi serve{env.options}", "gRPC on localhost:8500, REST on 8501"),
            (f"lianxi predict {task.name}{_word_input(task)}{env.options}", "asks it once"),
            (f"lianxi gallery{env.options}", "a page to try it"),
            (f"lianxi evaluate {task.name}{env.options}", "metrics, slice by slice"),
        ),
        client=_word_client(task),
    )


def _word_input(task: Task) -> str:
    """Gives what a command line would ask, as the task's own example has it."""
    asker = asker_of(task)
    subject = asker.subject
    if subject is None:
        return " FILE.csv" if asker.takes_files else ""
    if subject.kind in FILE_KINDS:
        return f" {_ENDINGS[subject.kind]}"
    return f" {shlex.quote(str(task.serving.example[subject.name][0]))}"


def _word_client(task: Task) -> str:
    needed = [each for each in task.serving.inputs if each.default is None]
    opened = next((each for each in needed if each.kind in FILE_KINDS), None)
    shown = needed[:3]
    said = []
    for each in shown:
        value = task.serving.example[each.name][0]
        if each.kind in FILE_KINDS:
            said.append(f'{each.name}=[Path("{_ENDINGS[each.kind]}").read_bytes()]')
        elif each.shape:
            said.append(f"{each.name}=[{each.name}]")
        else:
            said.append(f"{each.name}=[{value!r}]")
    if len(needed) > len(shown):
        said.append("…")
    arguments = ", ".join([f'"{task.name}"', *said])
    head = "from pathlib import Path\n\n" if opened else ""
    return (
        f"{head}from lianxi_client import Client\n\n"
        'with Client("localhost:8500") as client:\n'
        f"    print(client.predict({arguments}))"
    )


def _size_mb(folder: str) -> float:
    return (
        sum(
            os.path.getsize(os.path.join(place, name))
            for place, _, names in os.walk(folder)
            for name in names
        )
        / 1e6
    )
