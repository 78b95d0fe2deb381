"""pixelcnn: draws single digits, grey on black, in several typefaces. No TensorFlow."""

from __future__ import annotations

import functools
import io
import math
import random
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from modules.common.declaring.sources import RawFeatures
from modules.common.runtime.errors import DataError
from modules.pixelcnn.task import Settings

# They come with installed packages, so every machine draws the same.
_TYPEFACES = (
    "matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSans-Bold.ttf",
    "matplotlib/mpl-data/fonts/ttf/DejaVuSerif.ttf",
    "matplotlib/mpl-data/fonts/ttf/STIXGeneral.ttf",
    "matplotlib/mpl-data/fonts/ttf/cmss10.ttf",
    "font_roboto/files/Roboto-Regular.ttf",
    "font_source_sans_pro/files/SourceSansPro-Semibold.otf",
    "font_manrope/files/Manrope-Medium.ttf",
)
# A digit is drawn large, and only once brought to its size, place and angle.
_GLYPH_PX = 96
_HEIGHTS = (0.6, 0.85)
_MAX_TURN = 15.0
_MAX_SHIFT = 0.08
_INKS = (160, 255)


def draw(index: int, settings: Settings) -> RawFeatures:
    """Draws the digit of an index.

    Args:
        index: Which one, from 0.
        settings: `seed`, `size_px` and `channels` are read.

    Returns:
        `image`: PNG bytes, `size_px` square; `class`, the digit. The same for the same index and
        settings, on every machine with the same Pillow.
    """
    digit, picture = draw_picture(index, settings)
    return {"image": encode(picture), "class": digit}


def encode(picture: Image.Image) -> bytes:
    """Writes a picture as PNG."""
    file = io.BytesIO()
    picture.save(file, format="PNG", compress_level=1)
    return file.getvalue()


def draw_picture(index: int, settings: Settings) -> tuple[str, Image.Image]:
    """Draws the digit of an index; gives what it is and the picture, grey or tinted."""
    size = settings.size_px
    rng = random.Random(f"{settings.seed}/{index}")
    digit = str(rng.randrange(10))
    glyph = _glyph(rng.choice(_TYPEFACES), digit)
    height_px = rng.uniform(*_HEIGHTS) * size
    turn = math.radians(rng.uniform(-_MAX_TURN, _MAX_TURN))
    shift = [rng.uniform(-_MAX_SHIFT, _MAX_SHIFT) * size for _ in range(2)]
    inks = [rng.randint(*_INKS) for _ in range(settings.channels)]
    mask = _place(glyph, size, height_px, turn, shift)
    planes = [mask.point(lambda value, ink=ink: value * ink // 255) for ink in inks]
    return digit, planes[0] if len(planes) == 1 else Image.merge("RGB", planes)


def _place(
    glyph: Image.Image, size: int, height_px: float, turn: float, shift: list[float]
) -> Image.Image:
    """Scales, turns and moves a glyph's middle to the picture's: grey, `size` square."""
    # Oversampled, so that edges are smooth whatever the angle.
    over = 4
    scale = glyph.height / (height_px * over)
    cosine, sine = scale * math.cos(turn), scale * math.sin(turn)
    x, y = (over * (size / 2 + offset) for offset in shift)
    matrix = (
        *(cosine, sine, glyph.width / 2 - cosine * x - sine * y),
        *(-sine, cosine, glyph.height / 2 + sine * x - cosine * y),
    )
    large = glyph.transform(
        (size * over, size * over), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
    )
    return large.reduce(over)


@functools.cache
def _glyph(typeface: str, digit: str) -> Image.Image:
    """Draws a digit white on black, with a rim that interpolation needs."""
    font = ImageFont.truetype(str(_file_of(typeface)), _GLYPH_PX)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(digit))
    canvas = Image.new("L", (right - left + 4, bottom - top + 4), 0)
    ImageDraw.Draw(canvas).text((2 - left, 2 - top), digit, fill=255, font=font)
    return canvas


def _file_of(typeface: str) -> Path:
    package, _, inside = typeface.partition("/")
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0] if folders else package, inside)
    if not path.is_file():
        raise DataError(
            f"the typeface {path.name} should be in the package {package}, and is not; "
            "run `make setup`"
        )
    return path
