"""deep_dream: a larger picture takes no more memory than its own pixels."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "deep_dream_memory.py"


def measured(size: str) -> dict[str, float]:
    """One step in a process of its own, with the layers of SqueezeNet, weights drawn at random."""
    options = [
        "--backbone",
        "squeezenet",
        "--weights",
        "random",
        "--tile-px",
        "256",
        "--steps",
        "1",
    ]
    process = subprocess.run(
        [sys.executable, str(_BENCHMARK), "--one", size, *options],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(process.stdout.splitlines()[-1])
    return found


def test_memory_grows_by_the_pixels_and_not_by_the_activations() -> None:
    small, large = measured("1000x750"), measured("2000x1500")
    growth = (large["mb"] - small["mb"]) / (large["picture_mb"] - small["picture_mb"])
    # Seven times the pixels; in one piece it is forty-eight times.
    assert growth < 14
