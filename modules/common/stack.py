"""What differs between the two stacks, each by a function that says what, and when it can go.

The current stack is Python 3.12 and 3.13 with TFX 1.21, the old one Python 3.10 with TFX 1.16
(`requirements/`). Nothing else asks which of them it is on. What needs no question, because one
spelling is right on both, is not here: it stands where it is used. Imports of TensorFlow and KFP
are inside the functions, so that importing this module brings neither.
"""

from __future__ import annotations

import functools
import keyword
import os
import sys
import warnings
from typing import Any

IS_CURRENT = sys.version_info >= (3, 12)
"""Whether this is the current stack. Can go with the old one."""

TFX_VERSION = "1.21" if IS_CURRENT else "1.16"
"""TFX's version, as `make setup` and the locks call the stack. Can go with the old one."""


def prepare_environment() -> None:
    """Sets what libraries read when they are imported; called before any of them is.

    Keras 3 has to be behind every `keras`: Transform sets it to Keras 2 where nothing is set. The
    rest keeps libraries from telling a person about themselves. On the old stack Google's libraries
    warn that Python 3.10 gets no more updates, on the current one Transform that it wants Keras 2
    and TensorFlow's C++ side of its optimizations. Can go when they no longer do.
    """
    os.environ["TF_USE_LEGACY_KERAS"] = "0"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning, module="google")


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
