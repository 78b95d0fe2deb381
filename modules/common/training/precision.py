"""The arithmetic that a model is trained in.

Where the processor multiplies bfloat16 natively, convolutions train faster in it.
Weights stay float32, and what is exported computes in float32, so that it serves anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import tensorflow as tf

from modules.common.declaring.training_settings import PrecisionSettings

_CPU_FLAGS = ("avx512_bf16", "amx_bf16")
_CPU_INFO = Path("/proc/cpuinfo")


def training_policy(settings: PrecisionSettings) -> str:
    """Chooses Keras' dtype policy for training.

    Args:
        settings: `precision` is read; the class says what it does.
    """
    precision = settings.precision
    if precision == "auto":
        return "mixed_bfloat16" if has_bfloat16() else "float32"
    return precision


def has_bfloat16() -> bool:
    """Tells whether the hardware multiplies bfloat16: a GPU, or a processor that says so."""
    if tf.config.list_physical_devices("GPU"):
        return True
    flags = _CPU_INFO.read_text() if _CPU_INFO.is_file() else ""
    return any(flag in flags for flag in _CPU_FLAGS)


@contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Has the layers that are made inside the `with` block compute so."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
