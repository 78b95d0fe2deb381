"""captcha_ocr: the sets of characters that captchas are made of. No TensorFlow."""

from __future__ import annotations

import string
from collections.abc import Mapping

from modules.common.declaring.task import Value

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
    """
    return CHARSETS[str(hparams["charset"])]


def symbols(hparams: Mapping[str, Value]) -> list[str]:
    """Gives what each id stands for: 0 is padding, and the CTC head's blank."""
    return ["", *characters(hparams)]
