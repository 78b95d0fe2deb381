"""How a component of a run ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one node of the DAG ended.

    Attributes:
        name: The node's id, such as `Trainer`.
        state: `done`, `cached` or `failed`.
        seconds: Wall-clock time.
        cpu_seconds: Processor time, that of processes it started and waited for included.
        outputs: Output artifacts by key; empty where it failed.
        error: What it failed with.
        run_id: TFX's id of the run.
    """

    name: str
    state: str
    seconds: float
    cpu_seconds: float
    outputs: dict[str, list[Any]]
    error: Exception | None = None
    run_id: str = ""
