"""What Evaluator measured, slice by slice, also for who has no TFMA at hand.

Reading it by TFMA takes seconds, nearly all of them for importing it. So the first who reads an
evaluation leaves a copy beside it, of which all others read.
"""

from __future__ import annotations

import json
import math
import os
from contextlib import suppress
from pathlib import Path

from modules.common.runtime.plain_paths import PlainPaths

COPY_FILE = "slices.json"

Slices = dict[str, dict[str, float]]


def slice_values(evaluation_dir: str) -> Slices:
    """Reads every metric of every slice.

    Args:
        evaluation_dir: The Evaluator's `evaluation` artifact.

    Returns:
        Slice (`overall`, or `feature=value`) to metric to value, of the candidate model.

    Raises:
        FileNotFoundError: If there is no evaluation.
    """
    copy = Path(evaluation_dir, COPY_FILE)
    # A bucket is no folder; what is there is read by TFMA each time.
    is_here = os.path.isdir(evaluation_dir)
    if is_here:
        with suppress(OSError, ValueError):
            kept: Slices = json.loads(copy.read_text(encoding="utf-8"))
            return kept
    slices = _read_by_tfma(evaluation_dir)
    if is_here:
        # Who may only read can do without.
        with suppress(OSError):
            unfinished = copy.with_suffix(f".{os.getpid()}")
            unfinished.write_text(json.dumps(slices, ensure_ascii=False), encoding="utf-8")
            unfinished.replace(copy)
    return slices


def _read_by_tfma(evaluation_dir: str) -> Slices:
    import tensorflow_model_analysis as tfma

    with PlainPaths() as paths:
        result = tfma.load_eval_result(paths.plain(evaluation_dir))
    if result is None or not result.slicing_metrics:
        raise FileNotFoundError(f"no evaluation in {evaluation_dir}")
    slices: Slices = {}
    for key, metrics in result.slicing_metrics:
        name = ", ".join(f"{feature}={_text(value)}" for feature, value in key) or "overall"
        slices[name] = {
            metric: float(value.get("doubleValue", math.nan))
            for metric, value in metrics[""][""].items()
            if isinstance(value, dict)
        }
    return slices


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
