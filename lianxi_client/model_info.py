"""What a server says of its models."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np


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
        defaults: Value of each input that may be left out.
    """

    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    defaults: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict, compare=False)

    @property
    def optional(self) -> frozenset[str]:
        """Names of the inputs that may be left out."""
        return frozenset(self.defaults)

    def expectation(self) -> str:
        """Writes the inputs for an error message."""
        return ", ".join(
            f"{name} {info}{' (optional)' if name in self.defaults else ''}"
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


@dataclasses.dataclass(frozen=True)
class Target:
    """Which model, version and signature a call is for.

    Attributes:
        model: Name of the model.
        version: Its version, or a label of one, or None for the latest.
        signature: Name of the signature; empty for the default.
    """

    model: str
    version: int | str | None = None
    signature: str = ""
