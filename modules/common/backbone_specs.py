"""Names, sizes and stages of the backbones, for declarations. No TensorFlow here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BackboneSpec:
    """What a task may know of a backbone without building it.

    Attributes:
        name: As `build_backbone` takes it.
        input_px: Side of the square that it was trained on; others work.
        min_px: Least side that it takes.
        feature_units: Channels of its last stage; 0 where that depends on the file.
        stages: Names of its feature maps, shallow to deep; empty where they depend on the file.
        needs_weights: Whether it is of use only with weights that others trained.
    """

    name: str
    input_px: int
    min_px: int
    feature_units: int
    stages: tuple[str, ...]
    needs_weights: bool


def _spec(
    name: str,
    input_px: int,
    feature_units: int,
    stages: tuple[str, ...],
    needs_weights: bool = True,
    min_px: int = 32,
) -> BackboneSpec:
    return BackboneSpec(
        name=name,
        input_px=input_px,
        min_px=min_px,
        feature_units=feature_units,
        stages=stages,
        needs_weights=needs_weights,
    )


_SPECS = (
    _spec("tiny", 64, 128, ("conv1", "conv2", "conv3", "conv4"), needs_weights=False),
    _spec("squeezenet", 227, 512, ("conv1", *(f"fire{number}" for number in range(2, 10)))),
    _spec(
        "mobilenet_v2",
        224,
        1280,
        ("Conv1_relu", "block_2_add", "block_5_add", "block_9_add", "block_12_add",
         "block_15_add", "out_relu"),
    ),
    _spec(
        "inception_v3",
        299,
        2048,
        ("stem1", "stem2", *(f"mixed{number}" for number in range(11))),
        min_px=75,
    ),
    _spec("frozen_graph", 224, 0, ()),
)  # fmt: skip

BACKBONES: Mapping[str, BackboneSpec] = {spec.name: spec for spec in _SPECS}
"""Every backbone by its name; `tiny` first, the default where no weights are at hand."""
