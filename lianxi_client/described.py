"""A model's declaration out of what a server says of it."""

from __future__ import annotations

from typing import Any

from lianxi_client.dtypes import name_of
from lianxi_client.model_info import ModelInfo, SignatureInfo, TensorInfo
from lianxi_client.tensors import read_tensor, to_text

# A default is what a person might have sent.
_MAX_DEFAULT_BYTES = 2**30


def describe(name: str, version: int, signature_defs: Any) -> ModelInfo:
    """Reads a model's signatures.

    Args:
        name: Of the model.
        version: The version described.
        signature_defs: A SignatureDefMap.

    Returns:
        The signatures a person can call.

    Raises:
        ValueError: A default is no tensor.
    """
    return ModelInfo(
        name,
        version,
        {
            key: SignatureInfo(
                {each: _tensor_info(info) for each, info in signature.inputs.items()},
                {each: _tensor_info(info) for each, info in signature.outputs.items()},
                {
                    each: to_text(
                        read_tensor(memoryview(tensor.SerializeToString()), _MAX_DEFAULT_BYTES)
                    )
                    for each, tensor in signature.defaults.items()
                },
            )
            for key, signature in signature_defs.signature_def.items()
            if not key.startswith("__")
        },
    )


def _tensor_info(info: Any) -> TensorInfo:
    dtype = name_of(info.dtype)
    if info.tensor_shape.unknown_rank:
        return TensorInfo(dtype, None)
    sizes = [dim.size for dim in info.tensor_shape.dim]
    return TensorInfo(dtype, tuple(None if size < 0 else size for size in sizes))
