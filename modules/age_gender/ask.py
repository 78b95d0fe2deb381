"""age_gender: a person has a picture of a face, or a photo with several. No TensorFlow.

With `--detect` the picture is a photo: its faces are found here, in the client, and sent together.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from modules.age_gender import face_detection
from modules.common.asking.asking import Answer, Asking, Request, Said
from modules.common.asking.request_files import find_named_file
from modules.common.declaring.task import Field
from modules.common.pictures import image_files
from modules.common.runtime.errors import DataError, SettingError

# As much of the picture around a face as the faces that are learnt from have.
_MARGIN = 0.4
# The model sees 256 pixels.
_MOST_PX = 384
_BOX = (255, 214, 0)


class FacesRequest(dict[str, Any]):
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


def read(path_text: str, said: Said) -> Request:
    """Reads a picture of a face, or finds the faces in a photo.

    Args:
        path_text: Path of a picture in any format that Pillow reads; where it says how the
            camera was held, it is turned upright.
        said: `detect` is true for a photo.

    Raises:
        DataError: If there is no such file, it is no picture, or no face is found in it.
    """
    path = find_named_file("age_gender", "a picture (png, jpg, gif, bmp, webp)", path_text)
    contents = path.read_bytes()
    try:
        picture = image_files.decode_whole(contents)
        photo = face_detection.upright(picture)
        if not said.get("detect"):
            is_as_it_was = photo is picture
            face = image_files.to_servable(picture, contents) if is_as_it_was else _png(photo)
            return {"image": [face]}
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
    return FacesRequest(photo, boxes)


def show(request: Request, answer: Answer, out: Path | None, said: Said) -> str:
    """Says an answer in a line for each face.

    Args:
        request: What `read` gave.
        answer: Outputs of the signature, `[faces, ...]` each.
        out: Where to write the photo with its faces marked, or `None`.
        said: Not used.

    Raises:
        DataError: If a picture is to be written of a request that no faces were found for.
    """
    faces = [
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
        return "\n".join(faces)
    lines = [f"{len(faces)} face{'s'[: len(faces) != 1]}" + (f" → {out}" if out else "")]
    for number, ((left, top, width, height), words) in enumerate(
        zip(request.boxes, faces, strict=True), start=1
    ):
        lines.append(f"  {number}: {width}x{height} at {left}, {top}\t{words}")
    if out is not None:
        _mark(request, answer).save(out)
    return "\n".join(lines)


def draw(request: Request, answer: Answer) -> bytes | None:
    """Draws a photo with its faces marked; `None` where no faces were looked for.

    Args:
        request: What `read` gave.
        answer: Outputs of the signature, `[faces, ...]` each.
    """
    return _png(_mark(request, answer)) if isinstance(request, FacesRequest) else None


def _mark(request: FacesRequest, answer: Answer) -> Image.Image:
    labels = [
        f"{age_group} {gender}"
        for age_group, gender in zip(answer["age_group"], answer["gender"], strict=True)
    ]
    return mark_faces(request.photo, request.boxes, labels)


def mark_faces(
    photo: Image.Image, boxes: list[face_detection.Box], labels: list[str]
) -> Image.Image:
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


ASKING = Asking(
    options=(
        Field(
            name="detect",
            dtype="bool",
            default=False,
            doc="the picture is a photo: find the faces in it, and answer for each",
        ),
    ),
    takes="paths of pictures of a face, or of photos with --detect",
    takes_files=True,
    read=read,
    show=show,
    may_write=True,
    draw=draw,
)
