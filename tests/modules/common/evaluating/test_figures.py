from __future__ import annotations

import math
from pathlib import Path

import pytest

from modules.common.declaring.metrics import Gain
from modules.common.evaluating.slices import slice_values


@pytest.mark.parametrize(
    ("value", "error", "is_tie"),
    [
        (0.3, 0.2, False),
        (0.2, 0.2, True),
        (-0.1, 0.2, True),
        (-0.3, 0.2, False),
        (0.1, math.nan, False),
    ],
)
def test_a_tie_is_no_more_than_its_standard_error(value: float, error: float, is_tie: bool) -> None:
    assert Gain(value=value, standard_error=error).is_tie is is_tie


def test_no_evaluation_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no evaluation in .*nothing"):
        slice_values(str(tmp_path / "nothing"))
