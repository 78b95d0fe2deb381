"""As much of TensorFlow as answers one question, for a process that ends with the answer.

`import tensorflow` imports every public name: half of the time until one question is answered. A
SavedModel needs the modules that load it and run it, which can be imported by themselves where the
package `tensorflow` is there without its contents. Whoever asks it for one gets the whole of it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import threading
from types import ModuleType
from typing import Any

_COMPLETING = threading.RLock()


class _InPart(ModuleType):
    """The package `tensorflow`, whose contents come when they are asked for."""

    _is_completing = False

    def __getattr__(self, name: str) -> Any:
        """Imports what is missing; submodules that were imported are found without this."""
        if not name.startswith("__"):
            # Other threads wait here; this one comes again, while it imports.
            with _COMPLETING:
                if isinstance(self, _InPart) and not self._is_completing:
                    self._is_completing = True
                    assert self.__spec__ is not None and self.__spec__.loader is not None
                    self.__spec__.loader.exec_module(self)
                    self.__class__ = ModuleType  # type: ignore[assignment]
            if name in self.__dict__:
                return self.__dict__[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def import_tensorflow_in_part() -> None:
    """Imports what loads a SavedModel and runs it.

    Nothing happens where TensorFlow was imported before. Servers live long and are asked for more;
    they take `import_tensorflow_alone`.
    """
    if "tensorflow" in sys.modules:
        return
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("TensorFlow is not installed", name="tensorflow")
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _InPart
    # `tensorflow.io` is found there, as it is once TensorFlow has been imported.
    module.__path__.append(os.path.join(module.__path__[0], "_api", "v2"))
    os.environ["TF2_BEHAVIOR"] = "1"
    sys.modules["tensorflow"] = module
    try:
        from tensorflow.python.compat import v2_compat
        from tensorflow.python.saved_model import load  # noqa: F401 - Servable finds it there
    except BaseException:
        del sys.modules["tensorflow"]
        raise
    v2_compat.enable_v2_behavior()
