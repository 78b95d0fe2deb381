"""id_number_ocr: the typefaces that strips are drawn with. No TensorFlow.

They come with installed Python packages, so that nothing is downloaded and every machine draws the
same. A file of one's own joins them by the setting `font`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from modules.common.runtime.errors import DataError, did_you_mean
from modules.id_number_ocr.numbers import CHARACTERS

_MATPLOTLIB = "matplotlib/mpl-data/fonts/ttf"
_FILES = {
    "DejaVuSans": f"{_MATPLOTLIB}/DejaVuSans.ttf",
    "DejaVuSans-Bold": f"{_MATPLOTLIB}/DejaVuSans-Bold.ttf",
    "DejaVuSansMono": f"{_MATPLOTLIB}/DejaVuSansMono.ttf",
    "DejaVuSansMono-Bold": f"{_MATPLOTLIB}/DejaVuSansMono-Bold.ttf",
    "DejaVuSerif": f"{_MATPLOTLIB}/DejaVuSerif.ttf",
    "STIXGeneral": f"{_MATPLOTLIB}/STIXGeneral.ttf",
    "cmb10": f"{_MATPLOTLIB}/cmb10.ttf",
    "cmss10": f"{_MATPLOTLIB}/cmss10.ttf",
    "cmtt10": f"{_MATPLOTLIB}/cmtt10.ttf",
    "DroidSansMono": "captcha/data/DroidSansMono.ttf",
    "Roboto-Regular": "font_roboto/files/Roboto-Regular.ttf",
    "SourceSansPro-Semibold": "font_source_sans_pro/files/SourceSansPro-Semibold.otf",
    "Manrope-Medium": "font_manrope/files/Manrope-Medium.ttf",
}
NAMES = tuple(_FILES)

# A typeface that somebody gives is what they want to read.
_OWN_SHARE = 1 / 3
# For what a typeface lacks it draws a box, the same as for this.
_NO_CHARACTER = "\ufffe"


@dataclass(frozen=True)
class Glyph:
    """One character at one size.

    Attributes:
        ink: uint8 `[h, w]`, 255 where the ink is full; as small as the character.
        left_px: From the pen to the left edge of `ink`.
        top_px: From the baseline to the upper edge of `ink`; negative is above.
        advance_px: From this pen to the next character's.
    """

    ink: np.ndarray
    left_px: int
    top_px: int
    advance_px: float


def mixture(chosen: str, without: str, font: str) -> dict[str, float]:
    """Says which typefaces are drawn, and how often.

    Args:
        chosen: Names, comma-separated; empty is all of `NAMES`.
        without: A name that is left out, or empty.
        font: Path of another typeface, or empty. It goes by its file's name without suffix, and is
            drawn on a third of the strips, or, where `chosen` names it, as often as any other.

    Returns:
        Share of the strips by name, which sum to 1.

    Raises:
        DataError: For a name that is not known, or if none is left.
    """
    own = _own_name(font)
    known = (*NAMES, own) if own else NAMES
    names = [name.strip() for name in chosen.split(",") if name.strip()] or list(NAMES)
    for name in (*names, *([without] if without else [])):
        if name not in known:
            raise DataError(f"there is no typeface {name!r}; {did_you_mean(name, known)}")
    names = [name for name in dict.fromkeys(names) if name != without]
    is_added = bool(own) and own not in names and own != without
    if not names and not is_added:
        raise DataError(
            f"without_typeface={without} leaves no typeface to draw with; name more in `typefaces`"
        )
    others = 1 - _OWN_SHARE if is_added else 1.0
    shares = {name: others / len(names) for name in names}
    if is_added:
        shares[own] = _OWN_SHARE if names else 1.0
    return shares


def file_of(name: str, font: str = "") -> Path:
    """Finds the file of a typeface.

    Args:
        name: One of `NAMES`, or the name of `font` without suffix.
        font: Path of a typeface of one's own, or empty.

    Raises:
        DataError: If there is no such file, or the package that brings it is not installed.
    """
    if font and name == _own_name(font):
        path = Path(font).expanduser()
        if not path.is_file():
            raise DataError(f"font takes the path of a TrueType or OpenType file, found no {font}")
        return path
    package, _, inside = _FILES[name].partition("/")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            f"the typeface {name} comes with the package {package}, which is not installed; "
            "run `make setup`, or leave it out by `typefaces`"
        )
    path = Path(spec.submodule_search_locations[0]) / inside
    if not path.is_file():
        raise DataError(
            f"the typeface {name} should be {path}, which is not there; install {package} in the "
            "locked version (`make setup`), or leave it out by `typefaces`"
        )
    return path


@functools.lru_cache(maxsize=1024)
def glyphs(path: Path, size_px: int) -> dict[str, Glyph]:
    """Draws the eleven characters of a typeface.

    Args:
        path: The file.
        size_px: Size of the em.

    Returns:
        The glyphs by character.

    Raises:
        DataError: If the file does not load, or lacks one of the characters.
    """
    try:
        font = ImageFont.truetype(str(path), size_px)
    except OSError as error:
        raise DataError(
            f"{path} is not a typeface that can be read ({error}); expected TrueType or OpenType"
        ) from error
    drawn = {character: _glyph(font, character) for character in CHARACTERS}
    box = _glyph(font, _NO_CHARACTER).ink
    lacking = [
        character
        for character, glyph in drawn.items()
        if not glyph.ink.any() or np.array_equal(glyph.ink, box)
    ]
    if lacking:
        raise DataError(
            f"{path} has no {', '.join(lacking)}; give a typeface that has all of {CHARACTERS}"
        )
    return drawn


def _own_name(font: str) -> str:
    return Path(font).stem if font else ""


def _glyph(font: ImageFont.FreeTypeFont, character: str) -> Glyph:
    left, top, right, bottom = (round(edge) for edge in font.getbbox(character, anchor="ls"))
    canvas = Image.new("L", (max(right - left, 1), max(bottom - top, 1)), 0)
    ImageDraw.Draw(canvas).text((-left, -top), character, fill=255, font=font, anchor="ls")
    return Glyph(np.asarray(canvas), left, top, font.getlength(character))
