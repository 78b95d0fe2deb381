"""Calling TensorFlow Serving: names and arrays in, names and arrays out.

    from lianxi_client import Client

    with Client("localhost:8500") as client:
        answer = client.predict("name_gender", name=["王婷婷"])
        answer["label"], answer["probability"]

It speaks TensorFlow Serving's gRPC or REST API, by its address, and nothing else, so that it works
against Lianxi's embedded server and the real one. It needs no TensorFlow.
"""

from lianxi_client.address import Tls
from lianxi_client.client import Client
from lianxi_client.errors import ClientError
from lianxi_client.model_info import ModelInfo, SignatureInfo, TensorInfo, VersionStatus

__all__ = [
    "Client",
    "ClientError",
    "ModelInfo",
    "SignatureInfo",
    "TensorInfo",
    "Tls",
    "VersionStatus",
]
