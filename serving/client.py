"""The client under the name that it had before it became a package of its own."""

from lianxi_client import (
    Client,
    ClientError,
    ModelInfo,
    SignatureInfo,
    TensorInfo,
    Tls,
    VersionStatus,
)

__all__ = [
    "Client",
    "ClientError",
    "ModelInfo",
    "SignatureInfo",
    "TensorInfo",
    "Tls",
    "VersionStatus",
]
