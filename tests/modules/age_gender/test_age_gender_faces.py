"""age_gender: faces found in a photo, cut out, sent, and shown."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest
from asked import read_request, show
from PIL import Image

from modules.age_gender import example, face_detection
from modules.age_gender.ask import FacesRequest
from modules.age_gender.labels import AGE_GROUPS
from modules.age_gender.sample.drawing import draw_face
from modules.age_gender.sample.maker import FACE_PX
from modules.age_gender.sample.people import draw_lots
from modules.age_gender.task import TASK
from modules.common.asking.asking import asker_of
from modules.common.runtime.errors import DataError

# Where the face is: brows to chin, read off the photo with a ruler.
_ASTRONAUT = (178, 70, 92, 92)
_ORIENTATION = 0x0112


@pytest.fixture(scope="module")
def astronaut() -> Image.Image:
    """A real photo, 512 x 512, of Eileen Collins."""
    data = pytest.importorskip("skimage.data")
    return Image.fromarray(data.astronaut())


def overlap(one: face_detection.Box, other: face_detection.Box) -> float:
    """Intersection over union."""
    sides = [
        min(one[axis] + one[axis + 2], other[axis] + other[axis + 2]) - max(one[axis], other[axis])
        for axis in (0, 1)
    ]
    shared = max(0, sides[0]) * max(0, sides[1])
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def test_a_real_face_is_found_and_nothing_else(astronaut: Image.Image) -> None:
    [found] = face_detection.find_faces(astronaut)
    assert overlap(found, _ASTRONAUT) > 0.7
    assert face_detection.find_faces(np.asarray(astronaut)) == [found]


@pytest.mark.parametrize("times", [0.5, 4])
def test_a_face_is_found_at_any_size(astronaut: Image.Image, times: float) -> None:
    side = round(512 * times)
    [found] = face_detection.find_faces(astronaut.resize((side, side)))
    assert overlap(found, tuple(round(value * times) for value in _ASTRONAUT)) > 0.7


def test_several_faces_come_from_left_to_right(astronaut: Image.Image) -> None:
    group = Image.new("RGB", (1024, 600))
    group.paste(astronaut, (0, 80))
    group.paste(astronaut, (512, 0))
    first, second = face_detection.find_faces(group)
    assert overlap(first, (178, 150, 92, 92)) > 0.7 and overlap(second, (690, 70, 92, 92)) > 0.7


@pytest.mark.parametrize("name", ["coffee", "chelsea", "noise", "blank"])
def test_no_face_is_found_where_there_is_none(name: str) -> None:
    data = pytest.importorskip("skimage.data")
    noise = np.random.default_rng(1).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    others = {"noise": noise, "blank": np.full((300, 400, 3), 90, np.uint8)}
    assert (
        face_detection.find_faces(others[name] if name in others else getattr(data, name)()) == []
    )


def test_drawn_faces_fill_their_pictures_as_cut_out_ones_do() -> None:
    sides = []
    for number in range(24):
        rng = random.Random(number)
        face = draw_face(rng, draw_lots(rng, number % 8, number % 2 == 0), FACE_PX)
        sides += [width for _, _, width, _ in face_detection.find_faces(face)]
    assert len(sides) >= 14
    assert np.median(sides) * 1.8 == pytest.approx(FACE_PX, rel=0.1)


def test_cutting_out_keeps_the_face_in_the_middle_of_a_square() -> None:
    photo = Image.fromarray(np.arange(100 * 80 * 3).reshape(100, 80, 3).astype(np.uint8))
    inside = face_detection.cut_out(photo, (30, 40, 20, 20), 0.5)
    assert inside.size == (40, 40)
    np.testing.assert_array_equal(inside, np.asarray(photo)[30:70, 20:60])
    at_the_edge = np.asarray(face_detection.cut_out(photo, (0, 90, 10, 10), 0.5))
    padded = np.pad(np.asarray(photo), ((20, 20), (20, 20), (0, 0)), mode="edge")
    np.testing.assert_array_equal(at_the_edge, padded[105:125, 15:35])


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_the_photo_is_turned_as_the_camera_was_held(
    astronaut: Image.Image, tmp_path: Path, orientation: int
) -> None:
    turns = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90,
             8: Image.Transpose.ROTATE_270}  # fmt: skip
    turn = turns[orientation]
    tag = Image.Exif()
    tag[_ORIENTATION] = orientation
    path = tmp_path / "photo.png"
    (astronaut.transpose(turn) if turn is not None else astronaut).save(path, exif=tag)
    _, request = read_request(TASK, str(path), detect="true")
    assert isinstance(request, FacesRequest)
    [box] = request.boxes
    assert overlap(box, _ASTRONAUT) > 0.7
    _, whole = read_request(TASK, str(path))
    np.testing.assert_array_equal(Image.open(io.BytesIO(whole["image"][0])), astronaut)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK"])
def test_photos_of_any_mode_are_read(astronaut: Image.Image, tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("photo.jpg" if mode == "CMYK" else "photo.png")
    astronaut.convert(mode).save(path)
    _, request = read_request(TASK, str(path), detect="true")
    [face] = request["image"]
    picture = Image.open(io.BytesIO(face))
    assert picture.mode == "RGB" and picture.width == picture.height
    assert 1.5 < picture.width / request.boxes[0][2] < 2.1


def test_a_photo_of_sixteen_bits_is_read(astronaut: Image.Image, tmp_path: Path) -> None:
    grey = np.asarray(astronaut.convert("L"))
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    _, request = read_request(TASK, str(tmp_path / "deep.png"), detect="true")
    np.testing.assert_array_equal(request.photo.convert("L"), grey)


def test_a_photo_without_a_face_says_what_to_try(tmp_path: Path) -> None:
    path = tmp_path / "blank.jpg"
    Image.new("RGB", (300, 300), "grey").save(path)
    with pytest.raises(DataError, match="shows no face .* leave out --detect, or use a larger"):
        read_request(TASK, str(path), detect="true")
    assert list(read_request(TASK, str(path))[1]) == ["image"]


def test_what_is_no_photo_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.jpg"
    path.write_text("no picture")
    for detect in ("false", "true"):
        with pytest.raises(DataError, match="text.jpg cannot be used: expected a whole picture"):
            read_request(TASK, str(path), detect=detect)
    with pytest.raises(DataError, match="detect: expected true or false, found 'maybe'"):
        read_request(TASK, str(path), detect="maybe")
    with pytest.raises(DataError, match="found no file 'nowhere.jpg'"):
        read_request(TASK, "nowhere.jpg")


def answer(faces: int) -> dict[str, np.ndarray]:
    ages = np.full((faces, 8), 0.04)
    ages[:, 4] = 0.72
    return {
        "age_group": np.array(["25-32"] * faces),
        "age_probabilities": ages,
        "gender": np.array(["female"] * faces),
        "gender_probability": np.full(faces, 0.987),
    }


def test_show_lists_every_face_and_marks_it(astronaut: Image.Image, tmp_path: Path) -> None:
    path, out = tmp_path / "photo.png", tmp_path / "marked.png"
    astronaut.save(path)
    _, request = read_request(TASK, str(path), detect="true")
    left, top, width, height = request.boxes[0]
    first, line = show(TASK, request, answer(1), out).splitlines()
    assert first == f"1 face → {out}"
    place = f"  1: {width}x{height} at {left}, {top}"
    assert line == f"{place}\t25-32 years 72.0%\tfemale 98.7%"
    marked = np.asarray(Image.open(out)).astype(int)
    changed = np.argwhere((marked != np.asarray(astronaut)).any(axis=2))
    assert changed.min(axis=0).tolist() == [top, left]
    assert changed[:, 1].max() >= left + width
    # The face itself is not painted over.
    middle = slice(top + 10, top + height - 10), slice(left + 10, left + width - 10)
    np.testing.assert_array_equal(marked[middle], np.asarray(astronaut)[middle])


def test_show_of_a_single_face_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "face.jpg").write_bytes(example.JPEG)
    _, request = read_request(TASK, str(tmp_path / "face.jpg"))
    assert request == {"image": [example.JPEG]}
    assert show(TASK, request, answer(1), None) == "25-32 years 72.0%\tfemale 98.7%"
    with pytest.raises(DataError, match="add --detect"):
        show(TASK, request, answer(1), tmp_path / "out.png")


def test_the_example_is_a_drawn_face() -> None:
    assert Image.open(io.BytesIO(example.JPEG)).size == (96, 96)
    assert len(AGE_GROUPS) == 8


def test_a_photo_is_drawn_with_its_faces_marked_and_a_face_is_not(
    astronaut: Image.Image, tmp_path: Path
) -> None:
    path = tmp_path / "photo.png"
    astronaut.save(path)
    answer = {"age_group": np.array(["38-43"], object), "gender": np.array(["female"], object)}
    asker = asker_of(TASK)
    _, request = read_request(TASK, str(path), detect="true")
    drawn = asker.draw(request, answer)
    assert drawn is not None
    marked = Image.open(io.BytesIO(drawn))
    assert marked.size == astronaut.size
    [(left, top, _, height)] = request.boxes
    assert marked.getpixel((left, top + height // 2)) == (255, 214, 0)
    _, whole = read_request(TASK, str(path))
    assert asker.draw(whole, answer) is None
