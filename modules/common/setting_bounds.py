"""Numbers that no setting of its name may be, whatever the task. No TensorFlow.

Names of settings are the field's, with units as suffixes, so a name says what a number may be.
"""

from __future__ import annotations

import math
import re

_MOST_SEED = 2**32 - 1
# Of these a fit, a picture or a sample needs at least some.
_POSITIVE = re.compile(
    r"epochs|(eval_)?batch_size|(embedding_)?units|filters|channels|members|passes|n_fft|width|"
    r"vocabulary_size|origins|origin_step|cd_steps|window_steps|hop_steps|learning_rate|svm_cost|"
    r"max_\w+|sample_\w+|(eval|piece)_seconds|(image|crop|size)_px"
)
# A share of all would leave nothing.
_LESS_THAN_ONE = re.compile(r"(\w+_)?dropout|label_smoothing")
_SHARE = re.compile(r"\w+_share")
_ANY_SIGN = ("length_bonus",)


def out_of_bounds(name: str, value: float) -> str:
    """Says what a setting takes, where a number is not that; else gives an empty string.

    Args:
        name: The setting.
        value: The number that it was set to.
    """
    if not math.isfinite(value):
        return "a number that is finite"
    if name == "seed" and not 0 <= value <= _MOST_SEED:
        return f"a whole number from 0 to {_MOST_SEED}"
    if _LESS_THAN_ONE.fullmatch(name) and not 0 <= value < 1:
        return "a number from 0 to below 1"
    if _SHARE.fullmatch(name) and not 0 <= value <= 1:
        return "a number from 0 to 1"
    if _POSITIVE.fullmatch(name) and value <= 0:
        return "a number above 0"
    if value < 0 and name not in _ANY_SIGN:
        return "no number below 0"
    return ""
