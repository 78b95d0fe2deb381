"""Files that a person names to `lianxi predict`. No TensorFlow."""

from __future__ import annotations

from pathlib import Path

from modules.common.errors import DataError


def named_file(task_name: str, takes: str, text: str) -> Path:
    """Finds the file that a person named.

    Args:
        task_name: Whom it is for.
        takes: What the task takes, such as `a recording (wav, flac)`.
        text: What was typed.

    Raises:
        DataError: If there is no such file.
    """
    path = Path(text).expanduser()
    if not path.is_file():
        raise DataError(f"{task_name} takes the path of {takes}, found no file {text!r}")
    return path
