"""What a worker is told to train: the part of TFX's FnArgs that the loop reads, as JSON."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from modules.common.runtime.errors import DataError

_TASK = "task"
_FIELDS = (
    "train_files",
    "eval_files",
    "transform_graph_path",
    "base_model",
    "model_run_dir",
    "serving_model_dir",
    "train_steps",
    "hyperparameters",
    "custom_config",
)
_POLL_S = 0.5


def write(path: Path, task_name: str, fn_args: Any) -> None:
    """Writes what is to be trained, whole or not at all.

    Args:
        path: The file.
        task_name: The task.
        fn_args: TFX's.
    """
    told = {name: getattr(fn_args, name, None) for name in _FIELDS}
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps({_TASK: task_name, **told}), encoding="utf-8")
    unfinished.replace(path)


def read(path: Path, patience_s: float = 0.0) -> tuple[str, Any]:
    """Reads what `write` wrote.

    Args:
        path: The file.
        patience_s: How long to wait for it, in seconds.

    Returns:
        The task's name, and what stands for TFX's FnArgs.

    Raises:
        DataError: If it is not there, or not such a file.
    """
    end_s = time.monotonic() + patience_s
    while not path.exists() and time.monotonic() < end_s:
        time.sleep(_POLL_S)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return told.pop(_TASK), SimpleNamespace(**{name: told[name] for name in _FIELDS})
    except OSError as error:
        raise DataError(
            f"expected {path} to say what to train, as Trainer writes it; it cannot be read: "
            f"{error.strerror}"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} does not say what to train: {error!r}") from None
