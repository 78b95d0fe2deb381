"""Finds faces in photographs, on the client's side, with OpenCV. No TensorFlow.

OpenCV's package brings what is needed: cascades of simple features that were trained on faces seen
from the front. They are quick, and miss faces that are turned, tilted or covered.

Source: P. Viola & M. Jones, "Rapid Object Detection using a Boosted Cascade of Simple Features"
(2001); R. Lienhart & J. Maydt (2002).
"""

from __future__ import annotations

import functools
import os
from typing import Any

import numpy as np
from PIL import Image, ImageOps

Box = tuple[int, int, int, int]
"""Left, top, width and height, in pixels."""

LEAST_FACE_PX = 30
# Finer than this shows no face that a coarser picture hides, and takes the square of the time.
_SIDE_PX = 1280
_LEAST_SHARE = 0.03
_SCALE_STEP = 1.1
_AGREEING = 6
_CASCADE = "haarcascade_frontalface_alt2.xml"
_LARGEST_ORIENTATION = 8
_ORIENTATION_TAG = 0x0112


def find_faces(photo: Image.Image | np.ndarray) -> list[Box]:
    """Finds the faces that look at the camera.

    Args:
        photo: Upright; uint8 RGB `[height, width, 3]` where it is an array.

    Returns:
        The box of each face, from the brows to the chin, from left to right.
    """
    import cv2

    picture = photo if isinstance(photo, Image.Image) else Image.fromarray(photo)
    grey = picture.convert("L")
    grey.thumbnail((_SIDE_PX, _SIDE_PX))
    enlarge = max(picture.size) / max(grey.size)
    least = max(LEAST_FACE_PX / enlarge, _LEAST_SHARE * min(grey.size))
    found = _cascade().detectMultiScale(
        cv2.equalizeHist(np.asarray(grey)),
        scaleFactor=_SCALE_STEP,
        minNeighbors=_AGREEING,
        minSize=(round(least), round(least)),
    )
    boxes = [tuple(round(float(value) * enlarge) for value in box) for box in found]
    return sorted((left, top, width, height) for left, top, width, height in boxes)


@functools.cache
def _cascade() -> Any:
    import cv2
    from cv2 import data

    return cv2.CascadeClassifier(os.path.join(data.haarcascades, _CASCADE))


def upright(picture: Image.Image) -> Image.Image:
    """Turns a picture as its camera was held.

    Args:
        picture: Decoded, in any mode.

    Returns:
        The same object where nothing is said of turning.
    """
    orientation = picture.getexif().get(_ORIENTATION_TAG, 1)
    if orientation not in range(2, _LARGEST_ORIENTATION + 1):
        return picture
    return ImageOps.exif_transpose(picture)


def as_rgb(picture: Image.Image) -> Image.Image:
    """Brings a picture to RGB over white; of 16 bits the upper eight are taken.

    Args:
        picture: Decoded, in any mode.

    Raises:
        ValueError: If its pixels have 32 bits a channel.
    """
    if picture.mode in ("I", "F"):
        raise ValueError("its pixels have 32 bits a channel; convert it to 8 or 16")
    if picture.mode.startswith("I;16"):
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if "A" in picture.mode or "transparency" in picture.info:
        layers = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers)
    return picture.convert("RGB")


def cut_out(photo: Image.Image, box: Box, margin: float) -> Image.Image:
    """Cuts a face out of a photo, in the middle of a square.

    Args:
        photo: The photo.
        box: Of the face.
        margin: What is left on each side, as a share of the box's longer side.

    Returns:
        An RGB picture; beyond the photo's edge its outermost pixels are repeated.
    """
    left, top, width, height = box
    side = round(max(width, height) * (1 + 2 * margin))
    begin_x, begin_y = left + (width - side) // 2, top + (height - side) // 2
    columns = np.clip(np.arange(begin_x, begin_x + side), 0, photo.width - 1)
    rows = np.clip(np.arange(begin_y, begin_y + side), 0, photo.height - 1)
    pixels = np.asarray(photo.convert("RGB"))
    return Image.fromarray(pixels[rows[:, None], columns])
