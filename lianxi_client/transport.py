"""What the client asks of gRPC and of REST alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from lianxi_client.model_info import ModelInfo, SignatureInfo, Target, VersionStatus


class Transport(Protocol):
    """One way to a server. May be used from many threads; failures are `Failure`s.

    Every call gets `left_s`, which it may take, and `connect_s`, in which the connection must be
    made, both in seconds.
    """

    def encode_predict(
        self,
        target: Target,
        signature: SignatureInfo | None,
        inputs: Mapping[str, Any],
        output_filter: Sequence[str],
    ) -> bytes:
        """Makes the body of a Predict request, once for all attempts."""

    def predict(
        self,
        target: Target,
        signature: SignatureInfo | None,
        body: bytes,
        output_filter: Sequence[str],
        left_s: float,
        connect_s: float,
    ) -> dict[str, np.ndarray]:
        """Runs a model; strings are bytes objects."""

    def classify(
        self, target: Target, examples: list[bytes], left_s: float, connect_s: float
    ) -> list[list[tuple[str, float]]]:
        """Labels serialized tf.Examples."""

    def regress(
        self, target: Target, examples: list[bytes], left_s: float, connect_s: float
    ) -> list[float]:
        """Values serialized tf.Examples."""

    def status(self, target: Target, left_s: float, connect_s: float) -> list[VersionStatus]:
        """Asks for the states of a model's versions."""

    def metadata(self, target: Target, left_s: float, connect_s: float) -> ModelInfo:
        """Asks what a model takes and gives."""

    def close(self) -> None:
        """Closes the connection."""
