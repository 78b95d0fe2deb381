"""Files of pictures as people have them, checked before anything else reads them. Pillow only."""

from __future__ import annotations

import functools
import hashlib
import io
import warnings

from PIL import Image

from modules.common.pictures import exif

MAX_PIXELS = 16 * 2**20

# Pillow's plugins that read a picture from its bytes alone: some others start programs.
_FORMATS = (
    *("PNG", "JPEG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "JPEG2000", "AVIF"),
    *("PPM", "PCX", "TGA", "ICO"),
)
# Three channels, or colours of a palette: `pictures.images` gives these as RGB over white.
_COLOUR_MODES = ("RGB", "RGBA", "RGBX", "RGBa", "P", "PA", "YCbCr", "LAB", "HSV")
_GREY_NAMES = {"1": "black and white", "I;16": "greyscale of 16 bits", "CMYK": "CMYK"}
_MODES_OF_PNG = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_BOXES = tuple(b"ftyp" + brand for brand in (b"heic", b"heix", b"mif1", b"avif", b"hevc"))
_JPEG_END = b"\xff\xd9"
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


def servable_bytes(contents: bytes) -> bytes:
    """Gives a picture as the served graph reads it.

    Args:
        contents: A file's bytes.

    Returns:
        The same bytes, which the graph turns upright, for PNG, grey and RGB JPEG, opaque GIF and
        uncompressed BMP without a palette; PNG bytes of the first frame, upright, for whatever
        else Pillow reads.

    Raises:
        ValueError: If it is no picture, does not decode whole, or has more than `MAX_PIXELS`.
    """
    return to_servable(decode_whole(contents), contents)


def decode_whole(contents: bytes, min_side_px: int = 0, needs_colour: bool = False) -> Image.Image:
    """Decodes a picture, the first frame of an animation, once its header was found good.

    Args:
        contents: A file's bytes.
        min_side_px: Least length of the shorter side.
        needs_colour: Whether it must have three channels, maybe by a palette, maybe with alpha.

    Returns:
        The picture, loaded, in the mode that the file has.

    Raises:
        ValueError: With the reason, if it is no picture, too small or too large, not in colour
            where it must be, or does not decode whole.
    """
    if not contents:
        raise ValueError("the file is empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = _open(contents)
        if min(image.size) < min_side_px:
            raise ValueError(
                f"expected at least {min_side_px} px on the shorter side, "
                f"found {image.width} x {image.height}"
            )
        if needs_colour and image.mode not in _COLOUR_MODES:
            raise ValueError(
                "expected a picture in colour, of three channels, found "
                + _GREY_NAMES.get(image.mode, f"greyscale ({image.mode})")
            )
        try:
            image.load()
            if image.format == "PNG":
                # Pillow overlooks wrong checksums where it only loads; the served graph does not.
                Image.open(io.BytesIO(contents)).verify()
        # Decoders answer damage with whatever Python raised within them.
        except Exception as error:
            raise ValueError(
                f"the {image.format} picture does not decode, it is damaged or cut off: {error}"
            ) from error
    return image


def to_servable(image: Image.Image, contents: bytes) -> bytes:
    """Gives a decoded picture as the served graph reads it.

    Args:
        image: What `decode_whole` made of `contents`.
        contents: The file's bytes.

    Returns:
        As `servable_bytes` does.

    Raises:
        ValueError: If its pixels have 32 bits a channel.
    """
    if is_servable(image, contents):
        return contents
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _to_png(exif.upright(image, contents))


def pixel_digest(image: Image.Image) -> str:
    """Digests what a picture shows: its size and its pixels, and not how the file keeps them.

    So it takes pictures that are upright.

    A grey picture is digested as the RGB picture of the same look, one with a palette as the
    colours that it stands for, and an alpha channel that is opaque throughout does not count.

    Args:
        image: A decoded picture.

    Returns:
        32 hexadecimal digits; the same for two pictures only if they agree in every pixel.
    """
    if not image.mode.startswith(("I", "F")):
        image = _as_rgb(image)
    head = f"{image.mode} {image.width} {image.height} ".encode()
    return hashlib.blake2b(head + image.tobytes(), digest_size=16).hexdigest()


def _as_rgb(image: Image.Image) -> Image.Image:
    """Brings any mode to RGB, or to RGBA where something shines through."""
    if not _has_alpha(image):
        return image.convert("RGB")
    image = image.convert("RGBA")
    return image.convert("RGB") if image.getchannel("A").getextrema() == (255, 255) else image


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info


@functools.cache
def _formats() -> tuple[str, ...]:
    """Those of the formats that this build of Pillow has."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _open(contents: bytes) -> Image.Image:
    """Reads the header; raises `ValueError` where that tells enough to refuse the picture."""
    too_large = f"expected at most {MAX_PIXELS:,} pixels"
    try:
        image = Image.open(io.BytesIO(contents), formats=_formats())
    except Image.DecompressionBombError as error:
        raise ValueError(f"{too_large}, found far more") from error
    except Exception as error:
        raise ValueError(
            f"expected a whole picture (PNG, JPEG, GIF, BMP, WebP, TIFF), found {len(contents)} "
            f"bytes beginning with {contents[:8]!r}"
        ) from error
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"{too_large}, found {image.width:,} x {image.height:,}")
    return image


def is_servable(image: Image.Image, contents: bytes) -> bool:
    """Tells whether `pictures.images` reads the same picture from the bytes as they are.

    Args:
        image: What `decode_whole` made of `contents`.
        contents: The file's bytes.
    """
    if image.format == "PNG":
        return contents.endswith(_PNG_END)
    if image.format in ("JPEG", "MPO"):
        return image.mode in ("L", "RGB") and contents.rstrip(b"\0").endswith(_JPEG_END)
    if image.format == "BMP":
        info_size = int.from_bytes(contents[14:18], "little")
        bits = int.from_bytes(contents[28:30], "little")
        compression = int.from_bytes(contents[30:34], "little")
        return info_size >= 40 and bits in (24, 32) and compression == 0
    if image.format == "GIF":
        # TensorFlow has black for what is transparent or outside of the first frame.
        is_whole = getattr(image, "dispose_extent", None) == (0, 0, *image.size)
        return is_whole and "transparency" not in image.info
    return False


def looks_like_picture(start: bytes) -> bool:
    """Tells by its first 16 bytes whether a file seems to be a picture of a common kind."""
    return start.startswith(_STARTS) or start[4:12] in _BOXES or start[8:12] == b"WEBP"


def _to_png(image: Image.Image) -> bytes:
    if image.mode in ("I", "F"):
        raise ValueError("its pixels have 32 bits a channel; convert it to 8 or 16")
    if image.mode not in _MODES_OF_PNG:
        image = image.convert("RGBA" if _has_alpha(image) else "RGB")
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
