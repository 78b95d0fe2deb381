"""Whose models the page asks: those of a server of its own, or of one that is running."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from modules.common.declaring.registry import load_task, task_names
from modules.common.declaring.task import Task
from modules.common.runtime.errors import LianxiError
from pipelines import pushed, versions
from pipelines.answering import CONNECT_TIMEOUT_S, LOAD_TIMEOUT_S, check_answers, own_server
from pipelines.commands.runs_view import word_date
from pipelines.environment import Environment
from pipelines.explanations import explain
from serving.models.versions import find_versions

if TYPE_CHECKING:
    from lianxi_client import Client
    from serving.server import Server

_LOG = logging.getLogger(__name__)
_LOOK_S = 0.2


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What is known of the model that answers.

    Attributes:
        version: Its number, or an empty string.
        date: When it was pushed, or an empty string.
        is_smoke: Whether it is a tiny one, trained to see that everything works.
        server: Address of the server that was named; empty for our own.
    """

    version: str = ""
    date: str = ""
    is_smoke: bool = False
    server: str = ""


class Models(Protocol):
    """Models that can be asked."""

    @property
    def tasks(self) -> Sequence[Task]:
        """The tasks that have one."""

    def connect(self, task_name: str, stopped: threading.Event) -> Client:
        """Connects to who answers for a task, once its model is loaded.

        Args:
            task_name: The task.
            stopped: Set when nobody waits any more.

        Raises:
            LianxiError: If nobody does, or nobody waits any more.
        """

    def want(self, task_name: str) -> None:
        """Notes that a model will soon be asked, so that it may be loaded."""

    def describe(self, task_name: str) -> ModelFacts:
        """Says which version answers for a task."""


class OwnModels:
    """The models that were pushed here last, on a server of our own, which loads what is wanted."""

    def __init__(self, env: Environment, names: Sequence[str] | None = None) -> None:
        """Finds the models; `start` loads them.

        Args:
            env: Where they were pushed to.
            names: The tasks; all that have a model if left out.

        Raises:
            LianxiError: If no model was pushed here.
        """
        pushed.check_any(env)
        self._env = env
        known = task_names() if names is None else names
        self.tasks = [load_task(name) for name in known if pushed.newest(env, name) is not None]
        if not self.tasks:
            raise LianxiError(f"no task of this project has a model in {env.models_dir}")
        # A set would change while the server looks at it.
        self._wanted: list[str] = []
        self._server: Server | None = None
        self._failure = ""
        self._is_up = threading.Event()

    def start(self) -> None:
        """Starts the server, in a thread: TensorFlow takes its time."""
        threading.Thread(target=self._start, daemon=True).start()

    def stop(self) -> None:
        """Stops the server, if it was ever up."""
        if self._is_up.is_set() and self._server is not None and not self._failure:
            self._server.stop(0)

    def connect(self, task_name: str, stopped: threading.Event) -> Client:
        """Connects to our own server; see `Models`."""
        from lianxi_client import Client
        from serving.errors import ServingError

        self.want(task_name)
        while not self._is_up.wait(_LOOK_S):
            _check_wanted(stopped)
        if self._failure or self._server is None:
            raise LianxiError(self._failure)
        end_s = time.monotonic() + LOAD_TIMEOUT_S
        while True:
            _check_wanted(stopped)
            try:
                self._server.wait_until_available(task_name, _LOOK_S)
                break
            except ServingError as error:
                raise LianxiError(f"the model of {task_name} does not load: {error}") from error
            except TimeoutError as error:
                if time.monotonic() > end_s:
                    raise LianxiError(f"the model of {task_name} does not load: {error}") from error
        return Client(f"localhost:{self._server.port}")

    def want(self, task_name: str) -> None:
        """Has a model loaded before it is asked; see `Models`."""
        if task_name not in self._wanted:
            self._wanted.append(task_name)

    def describe(self, task_name: str) -> ModelFacts:
        """Says which version answers, the last one or the one that is pinned; see `Models`."""
        folder = Path(self._env.models_dir) / task_name
        try:
            found = find_versions(folder)
            pinned = versions.pinned_of(versions.read_entry(self._env, task_name))
        except (LianxiError, OSError):
            return ModelFacts(is_smoke=self._env.smoke)
        number = pinned if pinned in found else max(found, default=None)
        if number is None:
            return ModelFacts(is_smoke=self._env.smoke)
        date = word_date(pushed.pushed_at(number, found[number]))
        return ModelFacts(version=str(number), date=date, is_smoke=self._env.smoke)

    def _start(self) -> None:
        try:
            self._server = own_server(self._env, self._wanted)
            self._server.start()
        except Exception as error:
            # Whoever asks is told; the page itself stays.
            _LOG.exception("the server does not start")
            self._failure = f"the server of this page did not start: {explain(error)}"
        self._is_up.set()


class OthersModels:
    """The models that a running server has available."""

    def __init__(self, address: str, names: Sequence[str] | None = None) -> None:
        """Asks the server what it has.

        Args:
            address: `HOST:PORT`, or `http://HOST:PORT` for REST.
            names: The tasks to look for; all that there are if left out.

        Raises:
            LianxiError: If no server is there, or it has no model of a task of this project.
        """
        self.address = address
        known = task_names() if names is None else names
        found = {name: self._find_version(name) for name in known}
        self.tasks = [load_task(name) for name, version in found.items() if version]
        if not self.tasks:
            raise LianxiError(
                f"the server at {address} has no model of a task of this project; they are "
                f"{', '.join(known)}"
            )

    def want(self, task_name: str) -> None:
        """The server has it already; see `Models`."""

    def connect(self, task_name: str, stopped: threading.Event) -> Client:
        """Connects to the server; see `Models`."""
        from lianxi_client import Client

        _check_wanted(stopped)
        return Client(self.address, connect_timeout_s=CONNECT_TIMEOUT_S)

    def describe(self, task_name: str) -> ModelFacts:
        """Asks which version answers; see `Models`."""
        try:
            version = self._find_version(task_name)
        except LianxiError:
            version = ""
        return ModelFacts(version=version, server=self.address)

    def _find_version(self, task_name: str) -> str:
        from lianxi_client import Client, ClientError

        try:
            with Client(self.address, timeout_s=5, connect_timeout_s=CONNECT_TIMEOUT_S) as client:
                states = client.status(task_name)
        except ClientError as error:
            if error.code == "NOT_FOUND":
                return ""
            check_answers(error)
            raise LianxiError(str(error)) from error
        ready = [state.version for state in states if state.state == "AVAILABLE"]
        return str(max(ready)) if ready else ""


@contextmanager
def running(models: OwnModels) -> Iterator[OwnModels]:
    """Has our own server run inside the block."""
    models.start()
    try:
        yield models
    finally:
        models.stop()


def _check_wanted(stopped: threading.Event) -> None:
    if stopped.is_set():
        raise LianxiError("stopped")
