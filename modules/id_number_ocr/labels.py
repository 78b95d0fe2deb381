"""id_number_ocr: the number of a strip, from its file's name. No TensorFlow."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import RawFeatures
from modules.id_number_ocr.numbers import check_character

_FORM = re.compile(r"[0-9]{17}[0-9X]")


def label_from_name(relative_path: str, settings: Settings) -> RawFeatures:
    """Reads the number that a file is named after.

    Args:
        relative_path: `NUMBER.png`, `NUMBER_anything.jpg`, in a folder or not.
        settings: Not used; every labeler gets them.

    Returns:
        `number`, its `X` in upper case, and `typeface`, which is `unknown`.

    Raises:
        ValueError: If the name does not begin with a number, or its check character disagrees.
    """
    found = PurePosixPath(relative_path).stem.partition("_")[0]
    number = found.upper()
    if not _FORM.fullmatch(number):
        raise ValueError(
            "expected a file named NUMBER.png or NUMBER_anything.png, a number being 17 digits "
            f"and a digit or X, found {found!r}"
        )
    expected = check_character(number[:17])
    if number[-1] != expected:
        raise ValueError(
            f"the check character of {number} should be {expected}; the name is mistyped"
        )
    return {"number": number, "typeface": "unknown"}
