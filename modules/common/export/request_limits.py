"""How many examples a model takes in one request, written beside it for the server to read.

One example can be a millisecond's work or a minute's, and only the task knows which. The file lets
a server refuse a request before it takes memory, and keeps it from merging more than the model
takes. TensorFlow Serving does not read it: there the model's own graph refuses
(`modules.common.export.request_checks`).
"""

from __future__ import annotations

import json
from pathlib import Path

_FILE = Path("assets.extra") / "request_limits.json"
_KEY = "max_examples"


def write_max_examples(saved_model_dir: str, max_examples: int) -> None:
    """Writes the limit into a SavedModel.

    Args:
        saved_model_dir: The exported model, a local folder or one that TensorFlow can write.
        max_examples: Most examples in a request.
    """
    import tensorflow as tf

    path = f"{saved_model_dir}/{_FILE.as_posix()}"
    with tf.io.gfile.GFile(path, "w") as file:
        file.write(json.dumps({_KEY: max_examples}) + "\n")


def read_max_examples(saved_model_dir: Path) -> int | None:
    """Reads the limit of a SavedModel.

    Args:
        saved_model_dir: A model on this machine.

    Returns:
        Most examples in a request; None if the model declares none.

    Raises:
        ValueError: The file is there and says something else.
    """
    path = saved_model_dir / _FILE
    if not path.is_file():
        return None
    try:
        declared = json.loads(path.read_text("utf-8"))[_KEY]
    except (ValueError, KeyError, TypeError):
        declared = None
    if type(declared) is not int or declared < 1:
        raise ValueError(f'expected {{"{_KEY}": N}} with N of 1 or more in {path}')
    return declared
