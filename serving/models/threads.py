"""Threads of TensorFlow."""

from __future__ import annotations

import contextlib

from tensorflow.python.framework import config

# More than the runs of all models together, of which each has as many as there are cores.
_OPERATION_THREADS = 64


def allow_many_runs() -> None:
    """Lets more graphs run at once than there are cores.

    TensorFlow has as many threads for operations as cores; two large pictures would take them all
    for seconds, and every other model would wait.
    """
    # Where TensorFlow is in use already, it is too late, and what is there has to do.
    with contextlib.suppress(RuntimeError):
        config.set_inter_op_parallelism_threads(_OPERATION_THREADS)
