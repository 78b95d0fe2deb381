"""`ssl.config`: key and certificates, in TensorFlow Serving's `SSLConfig`."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from serving import errors
from serving.config import TlsConfig
from serving.files.texts import new_message, read_text_proto

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_FORM = (
    'server_key: "-----BEGIN PRIVATE KEY-----\\n…" server_cert: "-----BEGIN CERTIFICATE-----\\n…"'
)


def read_tls_config(path: Path | str) -> TlsConfig:
    """Reads an SSLConfig, and sees whether a server could use it.

    Args:
        path: Text proto, as for TensorFlow Serving's `--ssl_config_file`. It holds the PEM texts
            themselves, not their paths.

    Returns:
        Key and certificates.

    Raises:
        ServingError: INVALID_ARGUMENT: it is no such file, key and certificate do not belong
            together, or a certificate is out of date.
        OSError: It cannot be read.
    """
    proto = read_text_proto(path, new_message("SSLConfig"))
    try:
        config = TlsConfig(
            proto.server_key, proto.server_cert, proto.custom_ca, proto.client_verify
        )
        _check(config)
    except ValueError as error:
        raise errors.invalid_argument(f"'{path}': {error}; expected {_FORM}") from None
    return config


def _check(config: TlsConfig) -> None:
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_pem_private_key(config.server_key.encode(), None)
    except TypeError:
        raise ValueError("server_key has a password; a server has nobody to ask for it") from None
    except Exception as error:
        raise ValueError(f"server_key is not a private key in PEM ({_short(error)})") from None
    chain = _certificates("server_cert", config.server_cert)
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    if chain[0].public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        raise ValueError("server_key and the first certificate of server_cert are not a pair")
    for certificate in chain:
        _check_date("server_cert", certificate)
    if config.custom_ca:
        for certificate in _certificates("custom_ca", config.custom_ca):
            _check_date("custom_ca", certificate)


def _certificates(field: str, text: str) -> list[Certificate]:
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise ValueError(f"{field} is not a certificate in PEM ({_short(error)})") from None


def _check_date(field: str, certificate: Certificate) -> None:
    now = datetime.datetime.now(datetime.timezone.utc)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    name = certificate.subject.rfc4514_string()
    if end < now:
        raise ValueError(f"the certificate of {name} in {field} expired on {end:%Y-%m-%d}")
    if begin > now:
        raise ValueError(
            f"the certificate of {name} in {field} is not valid before {begin:%Y-%m-%d}"
        )


def _short(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0][:80] if lines else type(error).__name__
