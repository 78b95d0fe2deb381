"""deep_dream: which layers are dreamt of, where nobody says. No TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from modules.common.runtime.errors import TaskError
from modules.deep_dream.task import Settings

NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
"""How a weight is written, in Python's and RE2's syntax alike."""

DEFAULT_LAYERS: Mapping[str, str] = {
    "tiny": "conv3=1,conv4=1",
    "squeezenet": "fire5=1,fire8=0.5",
    "mobilenet_v2": "block_5_add=1,block_9_add=1",
    "inception_v3": "mixed3=1,mixed5=1.5",
    "frozen_graph": "mixed4c=1",
}
"""What shows well in each backbone; that of `frozen_graph` is a layer of inception5h."""


def choose_layers(settings: Settings) -> str:
    """Gives the layers of the dream as text, `name=weight,name=weight`.

    Args:
        settings: `layers`, or where that is empty, `backbone` are read.
    """
    return settings.layers or DEFAULT_LAYERS[settings.backbone]


def parse_layers(text: str, names: Sequence[str]) -> list[float]:
    """Reads weights of layers.

    Args:
        text: `name=weight,name`; without a weight it is 1, and what is not named weighs 0.
        names: The layers, shallow to deep.

    Returns:
        A weight for each of `names`.

    Raises:
        TaskError: For a layer that is not there, what is no number, or no weight but 0.
    """
    weights = dict.fromkeys(names, 0.0)
    for entry in text.split(","):
        name, _, weight = (part.strip() for part in entry.partition("="))
        if name not in weights:
            raise TaskError(f"there is no layer {name!r}; the layers are {', '.join(names)}")
        if not re.fullmatch(NUMBER, weight or "1"):
            raise TaskError(f"layers: expected name=weight, a number, found {entry.strip()!r}")
        weights[name] += float(weight or 1)
    if not any(weights.values()):
        raise TaskError(f"layers: expected a weight that is not 0, found {text!r}")
    return list(weights.values())
