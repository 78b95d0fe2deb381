"""TLS of the REST port."""

from __future__ import annotations

import os
import ssl
import tempfile

from serving.config import TlsConfig


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
