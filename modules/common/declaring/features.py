"""What Transform gives, as tasks declare it. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Value = bool | int | float | str
TRUTH: Mapping[str, bool] = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("false", "no", "0"), False),
}
"""How a person writes whether something holds, in lower case."""
Dtype = Literal["float32", "int64", "string", "uint8", "bool"]
Shape = tuple[int | None, ...]


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One transformed feature: what `preprocessing_fn` must give.

    Attributes:
        name: Key in the dictionary that `preprocessing_fn` returns.
        dtype: Element type. Files hold `uint8` as bytes: `preprocessing_fn` gives it packed by
            `modules.common.graph.tensors.pack`, and whoever reads it gets it unpacked.
        shape: Shape of one example, without the batch dimension. Where it begins with `None`,
            examples differ in length: `preprocessing_fn` gives float32 or int64 packed by
            `modules.common.graph.tensors.pack_ragged`, and whoever reads it gets it filled up with
            zeros to the longest of the batch.
    """

    name: str
    dtype: Dtype
    shape: Shape = ()
