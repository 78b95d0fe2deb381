"""Real recordings for the tests of sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

DATA = Path(__file__).parents[3] / "shared" / "data"


def read_mono(path: Path) -> tuple[np.ndarray, int]:
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return samples.mean(axis=1), rate_hz


@pytest.fixture(scope="session")
def recordings() -> list[tuple[np.ndarray, int]]:
    """Real recordings, samples `[n]` and rate: Mandarin speech, English speech, and music."""
    paths = sorted(DATA.glob("speech/aishell3/wav/*.wav"))[:8]
    paths += sorted(DATA.glob("audio_style/*.ogg"))
    if not paths:
        pytest.skip(f"needs the recordings in {DATA}")
    return [read_mono(path) for path in paths]


@pytest.fixture(scope="session")
def speech() -> np.ndarray:
    """Two seconds of Mandarin at 44.1 kHz."""
    paths = sorted(DATA.glob("speech/aishell3/wav/*.wav"))
    if not paths:
        pytest.skip(f"needs the recordings in {DATA}")
    samples, rate_hz = read_mono(paths[0])
    return samples[: 2 * rate_hz]
