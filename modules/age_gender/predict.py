"""age_gender: how a person asks and reads the answer. No TensorFlow.

With `--detect` the picture is a photo: its faces are found here, in the client, and sent together.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from modules.age_gender import face_detection
from modules.common.asking.request_files import named_file
from modules.common.pictures import image_files
from modules.common.runtime.errors import DataError, SettingError

TAKES = "paths of pictures of a face, or of photos with --detect"
MAY_WRITE = True
OPTIONS = {"detect": "The picture is a photo: find the faces in it, and answer for each."}
FLAGS = ("detect",)

# As much of the picture around a face as the faces that are learnt from have.
_MARGIN = 0.4
# The model sees 256 pixels.
_MOST_PX = 384
_BOX = (255, 214, 0)
_YES, _NO = ("true", "1"), ("", "false", "0")


class FacesRequest(dict[str, list[bytes]]):
    """The faces of a photo as a request, with what `show` needs to say which is which.

    Attributes:
        photo: The photo, upright.
        boxes: Left, top, width and height of each face, in pixels.
    """

    def __init__(self, photo: Image.Image, boxes: list[face_detection.Box]) -> None:
        """Cuts the faces out."""
        super().__init__(image=[_png(_face(photo, box)) for box in boxes])
        self.photo = photo
        self.boxes = boxes


def read_request(text_or_path: str, *, detect: str = "") -> tuple[str, dict[str, Any]]:
    """Reads a picture of a face, or finds the faces in a photo.

    Args:
        text_or_path: Path of a picture in any format that Pillow reads; where it says how the
            camera was held, it is turned upright.
        detect: `true` for a photo.

    Raises:
        DataError: If there is no such file, it is no picture, or no face is found in it.
    """
    path = named_file("age_gender", "a picture (png, jpg, gif, bmp, webp)", text_or_path)
    if detect.lower() not in (*_YES, *_NO):
        raise SettingError(f"detect takes true or false, found {detect!r}")
    contents = path.read_bytes()
    try:
        picture = image_files.decode_whole(contents)
        photo = face_detection.upright(picture)
        if detect.lower() in _NO:
            is_as_it_was = photo is picture
            face = image_files.to_servable(picture, contents) if is_as_it_was else _png(photo)
            return "serving_default", {"image": [face]}
        photo = face_detection.as_rgb(photo)
    except ValueError as error:
        raise DataError(f"{path} cannot be used: {error}") from error
    boxes = face_detection.find_faces(photo)
    if not boxes:
        raise DataError(
            f"{path} shows no face that can be found; faces must look at the camera, upright and "
            f"at least {face_detection.LEAST_FACE_PX} pixels wide. Cut the face out and leave out "
            "--detect, or use a larger photo"
        )
    return "serving_default", FacesRequest(photo, boxes)


def show(request: dict[str, Any], answer: dict[str, np.ndarray], out: Path | None) -> str:
    """Says an answer in a line for each face.

    Args:
        request: What `read_request` gave.
        answer: Outputs of the signature, `[faces, ...]` each.
        out: Where to write the photo with its faces marked, or `None`.

    Raises:
        DataError: If a picture is to be written of a request that no faces were found for.
    """
    said = [
        f"{age_group} years {ages.max():.1%}\t{gender} {probability:.1%}"
        for age_group, ages, gender, probability in zip(
            *(answer[name] for name in ("age_group", "age_probabilities", "gender")),
            answer["gender_probability"],
            strict=True,
        )
    ]
    if not isinstance(request, FacesRequest):
        if out is not None:
            raise SettingError("--out writes a photo with its faces marked; add --detect")
        return "\n".join(said)
    lines = [f"{len(said)} face{'s'[: len(said) != 1]}" + (f" → {out}" if out else "")]
    for number, ((left, top, width, height), words) in enumerate(
        zip(request.boxes, said, strict=True), start=1
    ):
        lines.append(f"  {number}: {width}x{height} at {left}, {top}\t{words}")
    if out is not None:
        labels = [
            f"{age_group} {gender}"
            for age_group, gender in zip(answer["age_group"], answer["gender"], strict=True)
        ]
        marked(request.photo, request.boxes, labels).save(out)
    return "\n".join(lines)


def marked(photo: Image.Image, boxes: list[face_detection.Box], labels: list[str]) -> Image.Image:
    """Draws boxes with labels below them into a copy of a photo.

    Args:
        photo: RGB.
        boxes: Left, top, width and height, in pixels.
        labels: One for each box.
    """
    picture = photo.copy()
    pen = ImageDraw.Draw(picture)
    thick = max(2, min(photo.size) // 200)
    for (left, top, width, height), label in zip(boxes, labels, strict=True):
        pen.rectangle((left, top, left + width, top + height), outline=_BOX, width=thick)
        font = ImageFont.load_default(max(12, width // 9))
        place = (left + thick, min(top + height, photo.height - 2 * max(12, width // 9)))
        pen.rectangle(pen.textbbox(place, label, font=font), fill=_BOX)
        pen.text(place, label, fill="black", font=font)
    return picture


def _face(photo: Image.Image, box: face_detection.Box) -> Image.Image:
    face = face_detection.cut_out(photo, box, _MARGIN)
    face.thumbnail((_MOST_PX, _MOST_PX))
    return face


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()
