"""A process that imports what the steps of pipelines need, and forks for each step.

`python launcher_forks.py SOCKET` says `ready`, then takes requests at the socket, one a connection:
a line of JSON with `arguments` (MODULE and what follows), `work`, `environment` and `log`; it
answers with the exit code. A fork is what `python -m MODULE` would be but for the imports: working
folder, environment, arguments, descriptors and the module named `__main__` are its own. It waits
for its threads and calls what is to be called at the end, but does not take its objects apart,
which takes six seconds of a core. Only libraries are imported before, none of Lianxi's modules but
the one that says what must be set before.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import logging
import os
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import threading
import traceback
from typing import Any, NoReturn

from modules.common.runtime.stack import prepare_environment

prepare_environment()


def main() -> None:
    """Imports, then forks until it is ended."""
    [path] = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):
        import numpy
        import tfx.v1  # noqa: F401
        from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor  # noqa: F401
    gc.collect()
    gc.freeze()
    request = _serve(path)
    # Both are the same in every fork unless they are begun anew.
    numpy.random.seed()
    tempfile.tempdir = None
    code = 0
    try:
        _become(request)
    except SystemExit as stop:
        code = _code_of(stop)
    except BaseException:
        traceback.print_exc()
        code = 1
    _end(code)


def _serve(path: str) -> dict[str, Any]:
    """Forks for each request; gives the request in the fork."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    print("ready", flush=True)
    with selectors.DefaultSelector() as selector:
        selector.register(listening, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not listening:
                    process, connection = key.data
                    selector.unregister(key.fileobj)
                    os.close(key.fd)
                    with connection:
                        connection.sendall(b"%d\n" % _exit_code(process))
                    continue
                connection, _ = listening.accept()
                with connection.makefile("rb") as stream:
                    request: dict[str, Any] = json.loads(stream.readline())
                process = os.fork()
                if not process:
                    listening.close()
                    connection.close()
                    return request
                descriptor = os.pidfd_open(process)
                selector.register(descriptor, selectors.EVENT_READ, (process, connection))


def _exit_code(process: int) -> int:
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


def _code_of(stop: SystemExit) -> int:
    """Gives the exit code that an interpreter makes of `sys.exit`."""
    if stop.code is None or isinstance(stop.code, int):
        return stop.code or 0
    print(stop.code, file=sys.stderr)
    return 1


def _end(code: int) -> NoReturn:
    """Ends the fork as an interpreter does, up to where it takes its objects apart."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _become(request: dict[str, Any]) -> None:
    """Runs the module of a request as `python -m` does."""
    log = os.open(request["log"], os.O_WRONLY | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.chdir(request["work"])
    os.environ.clear()
    os.environ.update(request["environment"])
    # What libraries set when they are imported would be set after a step's own settings.
    logging.root.handlers.clear()
    logging.root.setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    module, *arguments = request["arguments"]
    sys.argv = [module, *arguments]
    sys.path[0] = os.getcwd()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
