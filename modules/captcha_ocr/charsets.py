"""captcha_ocr: the sets of characters that captchas are made of. No TensorFlow."""

from __future__ import annotations

import string

MAX_CHARS = 6
CHARSETS = {
    "digits": string.digits,
    "alnum36": string.digits + string.ascii_uppercase,
    "alnum62": string.digits + string.ascii_uppercase + string.ascii_lowercase,
}


def symbols(charset: str) -> list[str]:
    """Gives what each id stands for: 0 is padding, and the CTC head's blank.

    Args:
        charset: A key of `CHARSETS`.
    """
    return ["", *CHARSETS[charset]]
