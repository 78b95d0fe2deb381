"""What differs between the two stacks, each by a function that says what, and when it can go.

The current stack is Python 3.12 and 3.13 with TFX 1.21, the old one Python 3.10 with TFX 1.16
(`requirements/`). Nothing else asks which of them it is on. What needs no question, because one
spelling is right on both, is not here: it stands where it is used. Imports of TensorFlow and KFP
are inside the functions, so that importing this module brings neither.
"""

from __future__ import annotations

import contextlib
import functools
import keyword
import logging
import os
import platform
import sys
import tempfile
import warnings
from collections.abc import Iterator
from importlib import metadata
from typing import Any

from absl import logging as absl_logging

IS_CURRENT = sys.version_info >= (3, 12)
"""Whether this is the current stack. Can go with the old one."""

TFX_VERSION = "1.21" if IS_CURRENT else "1.16"
"""TFX's version, as `make setup` and the locks call the stack. Can go with the old one."""


_RECORDED = ("lianxi", "tfx", "tensorflow", "keras", "apache-beam", "numpy")


def read_versions() -> dict[str, str]:
    """Gives the versions of Python and of the packages that a run's outcome depends on.

    For people: nothing is decided by them. What is not installed is left out.
    """
    found = {"python": platform.python_version()}
    for name in _RECORDED:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def prepare_environment() -> None:
    """Sets what libraries read when they are imported; called before any of them is.

    Keras 3 has to be behind every `keras`: Transform sets it to Keras 2 where nothing is set, and
    warns where it is not. On the old stack Google's libraries warn that Python 3.10 gets no more
    updates. Can go with the old stack, and when Transform no longer asks for Keras 2.

    TensorFlow computes by oneDNN only where a processor has instructions for neural networks;
    others train faster by it too (`benchmarks/processor_settings.py`). Who has set
    TF_ENABLE_ONEDNN_OPTS has chosen.
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning, module="google")
    absl_logging.get_absl_logger().addFilter(_is_not_of_keras_2)


def _is_not_of_keras_2(record: logging.LogRecord) -> bool:
    return "TF_USE_LEGACY_KERAS" not in record.getMessage()


@contextlib.contextmanager
def quiet_imports() -> Iterator[None]:
    """Keeps from a person what libraries write to standard error while they are imported.

    TensorFlow 2.21's C++ side writes before it looks at TF_CPP_MIN_LOG_LEVEL, past Python, to the
    descriptor itself. Where the import fails, what was written comes out after all. Can go when
    TensorFlow is quiet by that variable.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    # What is written may be in any encoding, and must not take the place of the error.
    with tempfile.TemporaryFile(
        "w+", buffering=1, encoding="utf-8", errors="backslashreplace"
    ) as said:
        os.dup2(said.fileno(), 2)
        try:
            with contextlib.redirect_stderr(said):
                yield
        except BaseException:
            said.seek(0)
            os.write(kept, said.read().encode())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def ask_kfp_health(healthz_api: Any, timeouts_s: tuple[int, int]) -> Any:
    """Asks a server of Kubeflow Pipelines for its health.

    kfp-server-api 2.17 put the service's name before every method's; the old stack has 2.0. Can go
    with the old stack.

    Args:
        healthz_api: A `kfp_server_api.HealthzServiceApi`.
        timeouts_s: How long a connection, and then an answer, may take, in seconds.

    Returns:
        The server's answer.
    """
    name = "healthz_service_get_healthz" if IS_CURRENT else "get_healthz"
    return getattr(healthz_api, name)(_request_timeout=timeouts_s)


def allow_keywords_as_inputs() -> None:
    """Has TensorFlow load SavedModels of which an input is called like a keyword of Python.

    TensorFlow makes a parameter of Python's of each input of a signature, and from Python 3.11 on
    these may not be called `class` or `from`: neither can such a signature be traced, nor a model
    that has one be loaded, although TensorFlow Serving serves it. Can go when TensorFlow no longer
    makes parameters of names that Python refuses.
    """
    from tensorflow.core.function.polymorphism import function_type

    make = function_type.Parameter.__init__

    @functools.wraps(make)
    def make_parameter(self: Any, name: str, *rest: Any, **named: Any) -> None:
        make(self, safe_argument(name), *rest, **named)
        self._name = name

    if not hasattr(make, "__wrapped__"):
        function_type.Parameter.__init__ = make_parameter


def safe_argument(name: str) -> str:
    """Gives the name under which an input of a signature is an argument of Python's.

    The same but for keywords, which get an underscore: models that Lianxi exports can be loaded by
    TensorFlow alone, and their signatures still say `class`. Can go like the function above.
    """
    return f"{name}_" if keyword.iskeyword(name) else name
