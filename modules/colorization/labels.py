"""colorization: a picture needs no label: it is one. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping

from modules.common.sources import RawFeatures
from modules.common.task import Value


def no_label(relative_path: str, hparams: Mapping[str, Value]) -> RawFeatures:
    """Gives no raw feature: what is learnt is the picture itself."""
    return {}
