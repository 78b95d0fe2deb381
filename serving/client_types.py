"""What the client returns and raises."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


class ClientError(Exception):
    """A call failed.

    Attributes:
        code: Name of the gRPC status, such as `NOT_FOUND`.
        message: One line: what the server said and, where the model is known, what it expects.
    """

    def __init__(self, code: str, message: str) -> None:
        """Makes the message one line."""
        self.code = code
        self.message = " ".join(message.split())
        super().__init__(f"{code}: {self.message}")


@dataclasses.dataclass(frozen=True)
class TensorInfo:
    """What a model declares of an input or output.

    Attributes:
        dtype: NumPy name of the dtype; `string` for text and bytes.
        shape: Sizes, None where any will do; None as a whole for unknown rank.
    """

    dtype: str
    shape: tuple[int | None, ...] | None

    def __str__(self) -> str:
        """Writes it as `float32[?,20]`."""
        if self.shape is None:
            return f"{self.dtype}<unknown rank>"
        sizes = ",".join("?" if size is None else str(size) for size in self.shape)
        return f"{self.dtype}[{sizes}]"


@dataclasses.dataclass(frozen=True)
class SignatureInfo:
    """What a signature takes and gives.

    Attributes:
        inputs: Input name to declaration.
        outputs: Output name to declaration.
        optional: Names of the inputs with a default.
    """

    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    optional: frozenset[str] = frozenset()

    def expectation(self) -> str:
        """Writes the inputs for an error message."""
        return ", ".join(
            f"{name} {info}{' (optional)' if name in self.optional else ''}"
            for name, info in sorted(self.inputs.items())
        )


@dataclasses.dataclass(frozen=True)
class ModelInfo:
    """What a server says of a model.

    Attributes:
        name: Name of the model.
        version: The version described.
        signatures: Signature name to declaration.
    """

    name: str
    version: int
    signatures: Mapping[str, SignatureInfo]


@dataclasses.dataclass(frozen=True)
class VersionStatus:
    """The state of one version.

    Attributes:
        version: The version.
        state: START, LOADING, AVAILABLE, UNLOADING or END.
        error: Why it could not be loaded; empty if nothing is wrong.
    """

    version: int
    state: str
    error: str
