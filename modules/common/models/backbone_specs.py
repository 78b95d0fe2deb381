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
        stages: Names of its feature maps, shallow to deep; empty where they depend on the file.
        units: Channels of each stage.
        needs_weights: Whether it is of use only with weights that others trained.
    """

    name: str
    input_px: int
    min_px: int
    stages: tuple[str, ...]
    units: tuple[int, ...]
    needs_weights: bool

    @property
    def feature_units(self) -> int:
        """Channels of the last stage; 0 where that depends on the file."""
        return self.units[-1] if self.units else 0


def _spec(
    name: str,
    input_px: int,
    stages: Mapping[str, int],
    needs_weights: bool = True,
    min_px: int = 32,
) -> BackboneSpec:
    return BackboneSpec(
        name=name,
        input_px=input_px,
        min_px=min_px,
        stages=tuple(stages),
        units=tuple(stages.values()),
        needs_weights=needs_weights,
    )


_SPECS = (
    _spec("tiny", 64, {"conv1": 16, "conv2": 32, "conv3": 64, "conv4": 128}, needs_weights=False),
    _spec(
        "squeezenet",
        227,
        {"conv1": 64, "fire2": 128, "fire3": 128, "fire4": 256, "fire5": 256, "fire6": 384,
         "fire7": 384, "fire8": 512, "fire9": 512},
    ),
    _spec(
        "mobilenet_v2",
        224,
        {"Conv1_relu": 32, "block_2_add": 24, "block_5_add": 32, "block_9_add": 64,
         "block_12_add": 96, "block_15_add": 160, "out_relu": 1280},
    ),
    _spec(
        "inception_v3",
        299,
        {"stem1": 64, "stem2": 192, "mixed0": 256, "mixed1": 288, "mixed2": 288, "mixed3": 768,
         "mixed4": 768, "mixed5": 768, "mixed6": 768, "mixed7": 768, "mixed8": 1280,
         "mixed9": 2048, "mixed10": 2048},
        min_px=75,
    ),
    _spec("frozen_graph", 224, {}),
)  # fmt: skip

BACKBONES: Mapping[str, BackboneSpec] = {spec.name: spec for spec in _SPECS}
"""Every backbone by its name; `tiny` first, the default where no weights are at hand."""
