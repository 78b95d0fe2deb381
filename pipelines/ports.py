"""Whether a port can be listened on, said before anything slow begins."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Mapping

from modules.common.runtime.errors import LianxiError


def is_loopback(host: str) -> bool:
    """Tells whether only this machine reaches an address."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        # Nobody will listen there; whoever tries to says so.
        return True
    return all(ipaddress.ip_address(place[4][0]).is_loopback for place in found)


def check_free(host: str, ports: Mapping[str, int | None], command: str) -> None:
    """Raises `LianxiError` for the first port that cannot be listened on, with what to do.

    Args:
        host: An address of this machine.
        ports: Ports by the options that set them; 0 and None are passed over.
        command: Who may be there already.
    """
    if refusal := find_refusal(host, ports, command):
        raise refusal


def find_refusal(host: str, ports: Mapping[str, int | None], command: str) -> LianxiError | None:
    """Says which of the ports cannot be listened on, and why; see `check_free`."""
    for option, port in ports.items():
        if not port:
            continue
        try:
            address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            with socket.socket(address[0], socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address[4])
        except socket.gaierror:
            return LianxiError(f"no address is called {host!r}; name one of this machine's, --host")
        except OSError as refusal:
            if refusal.errno == errno.EADDRINUSE:
                return LianxiError(
                    f"port {port} of {host} is taken, perhaps by another `{command}`; choose "
                    f"another with {option}"
                )
            reason = (refusal.strerror or str(refusal)).lower()
            return LianxiError(
                f"cannot listen on port {port} of {host}: {reason}; choose another with {option}, "
                "or an address of this machine with --host"
            )
    return None
