"""The `lianxi serve` that runs over pushed models: who asks finds it, and loads nothing.

Whoever serves holds a lock for as long as it lives, so that what a killed server left counts as
none.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modules.common.runtime.errors import LianxiError
from pipelines import versions
from pipelines.environment import Environment
from pipelines.locks import is_held
from serving.models.versions import find_versions

# One that is there answers at once; one that hangs must not be waited for.
_LOOK_TIMEOUT_S = 1.0


def _path(env: Environment) -> Path:
    return versions.kept_path(env).with_name("resident.json")


@contextmanager
def announced(env: Environment, host: str, port: int) -> Iterator[None]:
    """Tells others on this machine of a server, while it runs.

    Of several servers over the same models the first is told of.

    Args:
        env: Whose pushed models it serves.
        host: The address that it listens on.
        port: Its gRPC port.
    """
    path = _path(env)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield
            return
        file.truncate(0)
        file.write(json.dumps({"address": f"{_reachable(host)}:{port}"}))
        file.flush()
        yield
        file.truncate(0)


def find(env: Environment, task_name: str) -> str | None:
    """Finds a server that answers as one of our own would: with the version that would answer.

    Args:
        env: Whose pushed models are asked.
        task_name: The task.

    Returns:
        Its address, `HOST:PORT`; None where there is none.
    """
    path = _path(env)
    if not is_held(path):
        return None
    try:
        address = str(json.loads(path.read_text(encoding="utf-8"))["address"])
        wanted = _answering_version(env, task_name)
    except (OSError, ValueError, KeyError, TypeError, LianxiError):
        return None
    return address if wanted is not None and _newest_served(address, task_name) == wanted else None


def _answering_version(env: Environment, task_name: str) -> int | None:
    pinned = versions.pinned_of(versions.read_entry(env, task_name))
    if pinned is not None:
        return pinned
    return max(find_versions(Path(env.models_dir) / task_name), default=None)


def _newest_served(address: str, task_name: str) -> int | None:
    """Asks which version answers those who name none."""
    from lianxi_client import Client, ClientError

    try:
        with Client(address, connect_timeout_s=_LOOK_TIMEOUT_S) as client:
            told = client.status(task_name, timeout_s=_LOOK_TIMEOUT_S)
    except ClientError:
        return None
    return max((each.version for each in told if each.state == "AVAILABLE"), default=None)


def _reachable(host: str) -> str:
    """Gives an address to call for one to listen on, which may be all of the machine's."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return f"[{host}]" if address.version == 6 else host
