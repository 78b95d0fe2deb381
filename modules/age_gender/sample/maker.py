"""age_gender: writes drawn faces in the layout of Adience: five tables, and folders of faces.

A person is in one fold only, on one to four pictures. As in the published tables some rows have a
single age in place of a group's range, or lack an age, a gender, or both.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from modules.age_gender.labels import AGE_RANGES
from modules.age_gender.sample.drawing import draw_face
from modules.age_gender.sample.people import Person, draw_lots
from modules.age_gender.task import Settings

FACE_PX = 256
_FOLDS = 5
_MOST_PICTURES = 4
_COLUMNS = (
    *("user_id", "original_image", "face_id", "age", "gender", "x", "y", "dx", "dy"),
    *("tilt_ang", "fiducial_yaw_angle", "fiducial_score"),
)
# Where the fiducials of a drawn face would be; nobody reads them.
_PLACE = ("51", "38", "154", "180", "0", "0", "17")


@dataclass(frozen=True, kw_only=True)
class _Face:
    """A row of a table: who is on the picture, and what is written of it."""

    fold: int
    user: str
    number: int
    age: str
    gender: str
    person: Person

    @property
    def original_image(self) -> str:
        return f"{10_000_000_000 + self.number}_o.jpg"

    @property
    def row(self) -> str:
        cells = (self.user, self.original_image, str(self.number), self.age, self.gender, *_PLACE)
        return "\t".join(cells)


def write_sample(folder: Path, settings: Settings) -> None:
    """Writes `fold_0_data.txt` to `fold_4_data.txt`, and the faces under `aligned/`.

    Args:
        folder: Made if absent.
        settings: `seed`, the same of which gives the same files; `sample_faces` says how many
            faces.
    """
    folder.mkdir(parents=True, exist_ok=True)
    faces = list(_faces(settings.seed, settings.sample_faces))
    for fold in range(_FOLDS):
        rows = [face.row for face in faces if face.fold == fold]
        table = "\n".join(["\t".join(_COLUMNS), *rows, ""])
        (folder / f"fold_{fold}_data.txt").write_text(table, encoding="utf-8")

    def write(face: _Face) -> None:
        rng = random.Random(f"{settings.seed}/picture/{face.number}")
        path = folder / "aligned" / face.user
        path.mkdir(parents=True, exist_ok=True)
        draw_face(rng, face.person, FACE_PX).save(
            path / f"landmark_aligned_face.{face.number}.{face.original_image}",
            quality=rng.randint(84, 95),
        )

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, faces))


def _faces(seed: int, count: int) -> Iterator[_Face]:
    number, index = 0, 0
    while number < count:
        rng = random.Random(f"{seed}/person/{index}")
        group, is_male = rng.randrange(len(AGE_RANGES)), rng.random() < 0.5
        person = draw_lots(rng, group, is_male)
        for _ in range(min(rng.randint(1, _MOST_PICTURES), count - number)):
            age, gender = _write_picture(rng, person, group)
            yield _Face(
                fold=index % _FOLDS,
                user=f"{10_000_000 + index}@N0{index % 10}",
                number=number,
                age=age,
                gender=gender,
                person=person,
            )
            number += 1
        index += 1


def _write_picture(rng: random.Random, person: Person, group: int) -> tuple[str, str]:
    """Age and gender as a row has them."""
    first, last = AGE_RANGES[group]
    # Adience has no 13 in its ranges.
    age = f"({first}, {12 if last == 13 else last})"
    gender = "m" if person.is_male else "f"
    lot = rng.random()
    if lot < 0.1:
        return str(int(person.years)), gender
    if lot < 0.12:
        return "None", gender
    if lot < 0.14 or (lot < 0.2 and person.years < 3):
        return age, "u"
    if lot > 0.99:
        return "None", ""
    return age, gender
