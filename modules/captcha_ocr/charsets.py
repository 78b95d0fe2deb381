"""captcha_ocr: the sets of characters that captchas are made of. No TensorFlow."""

from __future__ import annotations

import string
from collections.abc import Mapping

from modules.common.errors import TaskError, did_you_mean
from modules.common.task import Value

MAX_CHARS = 6
CHARSETS = {
    "digits": string.digits,
    "alnum36": string.digits + string.ascii_uppercase,
    "alnum62": string.digits + string.ascii_uppercase + string.ascii_lowercase,
}


def characters(hparams: Mapping[str, Value]) -> str:
    """Gives the characters that may occur.

    Args:
        hparams: `charset` is read.

    Raises:
        TaskError: If there is no such set.
    """
    name = str(hparams["charset"])
    if name not in CHARSETS:
        raise TaskError(f"no charset is called {name!r}; {did_you_mean(name, CHARSETS)}")
    return CHARSETS[name]


def symbols(hparams: Mapping[str, Value]) -> list[str]:
    """Gives what each id stands for: 0 is padding, and the CTC head's blank."""
    return ["", *characters(hparams)]
