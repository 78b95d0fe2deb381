"""Numbers that no setting of its name may be, whatever the task. No TensorFlow.

Names of settings are the field's, with units as suffixes, so a name says what a number may be.
"""

from __future__ import annotations

import math
import re

_MOST_SEED = 2**32 - 1
# Of these a fit, a picture or a sample needs at least some.
_POSITIVE = re.compile(
    r"epochs|(eval_)?batch_size|(embedding_)?units|filters|channels|maps|layers|members|passes|n_fft|width|"
    r"vocabulary_size|origins|origin_step|cd_steps|window_steps|hop_steps|learning_rate|svm_cost|"
    r"max_\w+|sample_\w+|(eval|piece)_seconds|(image|crop|size)_px"
)
# A share of all would leave nothing.
_LESS_THAN_ONE = re.compile(r"(\w+_)?dropout|label_smoothing")
_SHARE = re.compile(r"\w+_share")
_NOT_NEGATIVE = re.compile(
    r"patience|min_\w+|\w*units|\w+_percent|\w+_decay|\w+_norm|\w+_masks?|\w+_mels|\w+_frames|"
    r"\w+_stages|\w+_rounds|\w+_iterations|\w+_semitones|\w+_origins|\w+_limit|\w+_fall|\w+_noise|"
    r"\w+_scale|\w+_penalty|\w+_chains|\w+_px|\w+_seconds|hidden_layers|blocks|temperature|"
    r"difficulty"
)


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
    if _NOT_NEGATIVE.fullmatch(name) and value < 0:
        return "no number below 0"
    return ""
