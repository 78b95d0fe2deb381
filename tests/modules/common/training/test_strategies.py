"""A fit over several devices is the fit of one process, on models that Keras alone gets wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_HELPER = Path(__file__).parents[3] / "helpers/mirrored_fits.py"
# Sums are rounded in another order: 4e-6 was the most that was seen.
_ROUNDING = 1e-4


@pytest.fixture(scope="module")
def fits() -> dict[str, dict[str, float]]:
    """The helper's fits over three devices, among which batches of eight do not divide."""
    process = subprocess.run(
        [sys.executable, str(_HELPER), "3"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    told: dict[str, dict[str, float]] = json.loads(process.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize("name", ["clipped", "normalized", "fused"])
@pytest.mark.parametrize("figure", ["weights", "loss", "val_loss"])
def test_devices_together_do_what_one_does(
    fits: dict[str, dict[str, float]], name: str, figure: str
) -> None:
    assert fits[name]["moved"] > 0.1
    assert fits[name][figure] < _ROUNDING
