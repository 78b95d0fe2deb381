"""Which arithmetic training uses."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from modules.common.declaring.training_settings import PrecisionSettings
from modules.common.training import precision


@pytest.mark.parametrize(
    ("flags", "policy"),
    [("avx2 avx512_bf16", "mixed_bfloat16"), ("amx_bf16", "mixed_bfloat16"), ("avx2", "float32")],
)
def test_auto_follows_the_processor(
    flags: str, policy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text(f"flags : {flags}\n")
    monkeypatch.setattr(precision, "_CPU_INFO", info)
    assert precision.training_policy(PrecisionSettings(precision="auto")) == policy


def test_float32_is_the_default() -> None:
    assert precision.training_policy(PrecisionSettings()) == "float32"
    assert (
        precision.training_policy(PrecisionSettings(precision="mixed_bfloat16")) == "mixed_bfloat16"
    )


def test_the_policy_ends_with_the_block() -> None:
    with precision.dtype_policy("mixed_bfloat16"):
        layer = keras.layers.Dense(1)
    layer.build((None, 2))
    assert layer.compute_dtype == "bfloat16" and layer.kernel.dtype == "float32"
    assert keras.layers.Dense(1).compute_dtype == "float32"
