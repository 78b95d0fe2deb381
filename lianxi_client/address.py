"""Where a server is, and how its identity is checked."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import ssl
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from lianxi_client.errors import invalid_argument

# Forms of address that gRPC resolves itself.
_GRPC_TARGETS = ("unix:", "unix-abstract:", "dns:", "ipv4:", "ipv6:", "xds:")
_EXAMPLE = "such as localhost:8500 (gRPC) or http://localhost:8501 (REST)"

PemOrPath = str | bytes | os.PathLike[str]


@dataclasses.dataclass(frozen=True)
class Tls:
    """How to encrypt, and whom to trust.

    Each may be a path or the PEM itself, as bytes or text.

    Attributes:
        ca: Certificates of those who may sign the server's; None for the usual ones.
        cert: The client's own certificate with its chain, where the server asks for one.
        key: Its private key, without a passphrase.
        server_name: Name that the server's certificate must have; None for that of the address.
    """

    ca: PemOrPath | None = None
    cert: PemOrPath | None = None
    key: PemOrPath | None = None
    server_name: str | None = None


@dataclasses.dataclass(frozen=True)
class Pems:
    """What `Tls` names, read and checked.

    Attributes:
        ca: PEM or None.
        cert: PEM or None.
        key: PEM or None.
        server_name: See `Tls`.
        context: The same for Python's own TLS.
    """

    ca: bytes | None
    cert: bytes | None
    key: bytes | None
    server_name: str | None
    context: ssl.SSLContext


@dataclasses.dataclass(frozen=True)
class Address:
    """Where a server is.

    Attributes:
        text: As it was given.
        is_rest: Whether it is asked over REST, not gRPC.
        is_tls: Whether the connection is encrypted.
        target: For gRPC what it calls a target, for REST the URL that `/v1` follows.
        host: Name or number of the host; empty for a target that gRPC resolves itself.
    """

    text: str
    is_rest: bool
    is_tls: bool
    target: str
    host: str

    @property
    def is_loopback(self) -> bool:
        """Whether this is the very machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost" or self.host.endswith(".localhost")


def parse_address(text: object, has_tls: bool) -> Address:
    """Reads an address.

    Args:
        text: `HOST:PORT`, or with `grpc://`, `grpcs://`, `http://` or `https://` before it.
        has_tls: Whether TLS was asked for otherwise.

    Returns:
        What it says.

    Raises:
        ClientError: `INVALID_ARGUMENT` if it says nothing.
    """
    if not isinstance(text, str):
        raise invalid_argument(f"address must be text, {_EXAMPLE}, found {type(text).__name__}")
    if text.startswith(_GRPC_TARGETS):
        return Address(text, False, has_tls, text, "")
    is_bare = "://" not in text
    try:
        parts = urlsplit(f"grpc://{text}" if is_bare else text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    is_rest = not is_bare and parts.scheme in ("http", "https")
    if not host or not text.isprintable() or parts.username is not None or " " in text:
        raise invalid_argument(f"address must be HOST:PORT, {_EXAMPLE}, found {text!r}")
    if parts.scheme not in ("grpc", "grpcs", "http", "https"):
        raise invalid_argument(f"address begins with grpc, grpcs, http or https, found {text!r}")
    if parts.query or parts.fragment or (parts.path.strip("/") and not is_rest):
        raise invalid_argument(f"address must end with the port, {_EXAMPLE}, found {text!r}")
    if "/v1/" in f"{parts.path}/":
        raise invalid_argument(f"address ends before /v1, {_EXAMPLE}, found {text!r}")
    if parts.scheme == "http" and has_tls:
        raise invalid_argument(f"TLS needs https://, found {text!r}")
    if is_rest:
        url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        return Address(text, True, parts.scheme == "https", url, host)
    is_tls = has_tls or parts.scheme == "grpcs"
    if not port and not (is_tls and port is None):
        raise invalid_argument(f"address must have a port, {_EXAMPLE}, found {text!r}")
    name = f"[{host}]" if ":" in host else host
    return Address(text, False, is_tls, f"{name}:{port or 443}", host)


def read_tls(tls: object) -> Pems:
    """Reads and checks certificates and keys.

    Args:
        tls: `Tls`; None or True for the usual trust.

    Returns:
        What it names.

    Raises:
        ClientError: `INVALID_ARGUMENT` if a file is missing or is none, or key and certificate
            do not belong together.
    """
    if tls is None or tls is True:
        tls = Tls()
    if not isinstance(tls, Tls):
        raise invalid_argument(f"tls must be a Tls, found {type(tls).__name__}")
    if (tls.cert is None) != (tls.key is None):
        raise invalid_argument("tls must have both cert and key, or neither")
    if tls.server_name is not None and not isinstance(tls.server_name, str):
        raise invalid_argument("tls.server_name must be text")
    ca, cert = _read("ca", tls.ca), _read("cert", tls.cert)
    key = _read("key", tls.key)
    try:
        context = ssl.create_default_context(cadata=ca.decode("ascii") if ca else None)
    except (ssl.SSLError, ValueError) as error:
        raise invalid_argument(f"tls.ca holds no certificate in PEM: {error}") from None
    if cert and key:
        _load_pair(context, cert, key)
    return Pems(ca, cert, key, tls.server_name, context)


def _read(name: str, given: PemOrPath | None) -> bytes | None:
    if given is None:
        return None
    if isinstance(given, str) and given.lstrip().startswith("-----BEGIN"):
        given = given.encode()
    if not isinstance(given, bytes):
        try:
            given = Path(given).read_bytes()
        except OSError as error:
            raise invalid_argument(f"tls.{name}: cannot read {given!r}: {error.strerror}") from None
        except (TypeError, ValueError):
            raise invalid_argument(f"tls.{name} must be a path or PEM, found {given!r}") from None
    if b"-----BEGIN" not in given:
        raise invalid_argument(f"tls.{name} must be PEM, with a line -----BEGIN")
    return given


def _load_pair(context: ssl.SSLContext, cert: bytes, key: bytes) -> None:
    # Python reads them from files only. The folder can be entered by its owner alone.
    with tempfile.TemporaryDirectory() as folder:
        cert_path, key_path = Path(folder, "cert"), Path(folder, "key")
        cert_path.write_bytes(cert)
        key_path.write_bytes(key)
        try:
            context.load_cert_chain(cert_path, key_path, password=lambda: b"")
        except (ssl.SSLError, ValueError) as error:
            raise invalid_argument(
                "tls.cert and tls.key must be a certificate and its private key without a "
                f"passphrase: {error}"
            ) from None
