"""audio_style_transfer: a longer sound takes no more memory for its features and Gram matrices."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "style_memory.py"


def growth_mb(seconds: float, piece_seconds: float) -> float:
    """One iteration in a process of its own."""
    options = ["--filters", "1024", "--iterations", "1", "--piece-seconds", str(piece_seconds)]
    process = subprocess.run(
        [sys.executable, str(_BENCHMARK), "--one", str(seconds), *options],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(process.stdout.splitlines()[-1])
    return found["mb"]


def test_a_long_sound_in_pieces_takes_little_more_memory() -> None:
    in_pieces, whole = growth_mb(40, 2), growth_mb(40, 40)
    # What grows are its spectra, while their phases are found.
    assert in_pieces < 0.6 * whole
