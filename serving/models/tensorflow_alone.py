"""TensorFlow without Keras, for who answers and trains nothing.

At its end TensorFlow imports Keras, which imports scikit-learn and matplotlib: together a third of
the time that it takes until a model can be loaded. A SavedModel needs none of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_PARTS = "keras."


class _Absent(MetaPathFinder):
    """Finds no part of Keras, and says so."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raises `ModuleNotFoundError` for a part of Keras, which TensorFlow can do without."""
        if fullname.startswith(_PARTS):
            raise ModuleNotFoundError(f"{fullname} is not wanted here", name=fullname)
        return None


def import_tensorflow_alone() -> None:
    """Imports TensorFlow, and leaves Keras to who imports it later, as `keras` or `tf.keras`.

    Nothing happens where TensorFlow was imported before: threads may be importing Keras by then.
    """
    if "tensorflow" in sys.modules:
        return
    absent = _Absent()
    sys.meta_path.insert(0, absent)
    try:
        import tensorflow  # noqa: F401 - who comes later finds it there
    finally:
        sys.meta_path.remove(absent)
