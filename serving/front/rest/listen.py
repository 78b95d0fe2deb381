"""The sockets of the REST port, and their TLS."""

from __future__ import annotations

import os
import socket
import ssl
import tempfile

from serving.config import TlsConfig

_BACKLOG = 128


def open_sockets(host: str, port: int) -> list[socket.socket]:
    """Opens a socket for each address of a host, all on one port.

    Args:
        host: Name or address; empty for every address of the machine.
        port: The port; 0 picks a free one.

    Returns:
        Listening sockets.

    Raises:
        OSError: The port is taken, or the host is none of this machine.
    """
    sockets: list[socket.socket] = []
    flags = socket.AI_PASSIVE
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=flags)
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            each = socket.socket(family, kind, protocol)
            sockets.append(each)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            each.bind((address[0], sockets[0].getsockname()[1] or port, *address[2:]))
            each.listen(_BACKLOG)
            each.setblocking(False)
    except OSError as error:
        for each in sockets:
            each.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from error
    return sockets


def make_context(tls: TlsConfig) -> ssl.SSLContext:
    """Makes what a socket needs to serve TLS.

    Args:
        tls: Certificates; with `client_verify` a caller must show one.

    Returns:
        The context.

    Raises:
        ValueError: The PEM texts hold no key or certificate, or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The ssl module reads a key from a file only.
    handle, path = tempfile.mkstemp()
    try:
        with os.fdopen(handle, "w") as file:
            file.write(f"{tls.server_cert}\n{tls.server_key}\n")
        context.load_cert_chain(path)
        if tls.client_verify:
            context.verify_mode = ssl.CERT_REQUIRED
            if tls.custom_ca:
                context.load_verify_locations(cadata=tls.custom_ca)
            else:
                context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
    except ssl.SSLError as error:
        raise ValueError(f"expected a certificate and its key in PEM, got: {error}") from error
    finally:
        os.unlink(path)
    return context
