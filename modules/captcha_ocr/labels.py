"""captcha_ocr: the text of a captcha, from its file's name. No TensorFlow."""

from __future__ import annotations

from pathlib import PurePosixPath

from modules.captcha_ocr.charsets import CHARSETS, MAX_CHARS
from modules.captcha_ocr.task import Settings
from modules.common.declaring.sources import RawFeatures


def label_from_name(relative_path: str, settings: Settings) -> RawFeatures:
    """Reads the text that a file is named after.

    Args:
        relative_path: `TEXT.png`, `TEXT_anything.jpg`, in a folder or not.
        settings: `charset` is read. Where it has no lower case, that counts as upper case; `_`
            after the text is padding.

    Returns:
        `text` and its `length`.

    Raises:
        ValueError: If the name does not begin with 1 to 6 of the charset's characters.
    """
    known = CHARSETS[settings.charset]
    found = PurePosixPath(relative_path).stem.partition("_")[0]
    text = found if "a" in known else found.upper()
    if not 1 <= len(text) <= MAX_CHARS or not set(text) <= set(known):
        raise ValueError(
            f"expected a file named TEXT.png or TEXT_anything.png, a text being 1 to {MAX_CHARS} "
            f"characters of {settings.charset}, found {found!r}"
        )
    return {"text": text, "length": len(text)}
