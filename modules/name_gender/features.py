"""name_gender: a name to the ids of its characters."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from modules.common.declaring.settings import restore
from modules.common.graph.tensors import Tensors
from modules.common.text import in_graph
from modules.name_gender.task import MAX_CHARS, Settings

VOCABULARY = "characters"


def preprocessing_fn(inputs: Tensors, custom_config: dict[str, Any]) -> Tensors:
    """Transform's entry point.

    Args:
        inputs: `name` and `gender`, string `[batch, 1]`.
        custom_config: `settings` with `min_character_count`.

    Returns:
        The declared features.
    """
    min_count = restore(Settings, custom_config["settings"]).min_character_count
    name = in_graph.normalize(inputs["name"][:, 0])
    return {
        # [batch, MAX_CHARS]
        "characters": in_graph.character_ids(name, MAX_CHARS, min_count, VOCABULARY),
        # [batch]
        "is_male": tf.cast(inputs["gender"][:, 0] == "male", tf.float32),
    }
