"""Imports of TensorFlow and TFX, which bring along what no pipeline here uses.

A run of which everything is in the cache is little else than these imports. Clients of services
that nobody asks, drawing that Keras would do in notebooks, a component that Kubeflow Pipelines
refuses: their importers can do without, or are left out themselves.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

# Importers, which are Beam and Keras, catch that these are not installed.
_CLIENTS = ("google.cloud.bigquery", "google.cloud.bigquery_storage_v1")
_DRAWING = ("matplotlib",)
# What stands for a module, and the one name that its package takes from it. They bring clients of
# Kubernetes, and NLTK.
_LEFT_OUT = {
    "tfx.components.infra_validator.component": "InfraValidator",
    "tensorflow_model_analysis.metrics.rouge": "ROUGE",
}


class _Absent(MetaPathFinder):
    """Finds none of some packages, and says so."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raises `ModuleNotFoundError` for one of them."""
        if any(fullname == name or fullname.startswith(f"{name}.") for name in self._names):
            raise ModuleNotFoundError(f"{fullname} is not wanted here", name=fullname)
        return None


@contextmanager
def importing() -> Iterator[None]:
    """Imports without what is not needed, and without the collector.

    It would walk again and again what stays to the end: TensorFlow and TFX leave millions of
    objects. They are not looked at afterwards either, and new ones not so often. Whoever imports
    one of the packages afterwards gets it.
    """
    gc.disable()
    try:
        with _without():
            yield
    finally:
        gc.enable()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@contextmanager
def _without() -> Iterator[None]:
    absent = _Absent((*_CLIENTS, *_DRAWING))
    left_out = []
    for name, taken in _LEFT_OUT.items():
        if name not in sys.modules:
            sys.modules[name] = stand_in = ModuleType(name)
            setattr(stand_in, taken, None)
            left_out.append(name)
    sys.meta_path.insert(0, absent)
    with ExitStack() as undo:
        undo.callback(sys.meta_path.remove, absent)
        for name in left_out:
            undo.callback(sys.modules.pop, name)
        yield
