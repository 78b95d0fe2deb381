"""A sheet of faces with what a pushed model of age_gender answers; wrong answers are red.

    lianxi sample age_gender faces --count 160 --seed 7
    python docs/drawing/face_sheet.py faces sheet.png

What is right comes from Adience's tables in the folder. The picture of docs/age_gender.md is made
with this.
"""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont
from reading_sheet import find_pushed_model, sheet

from modules.age_gender.labels import AGE_GROUPS, UNKNOWN, label_from_row
from modules.age_gender.task import TASK
from modules.common.pictures.image_files import servable_bytes

_FACE_PX = 150
_LINE_PX = 15
_RIGHT, _WRONG = "black", "red"


def find_labelled_faces(folder: Path, limit: int) -> list[tuple[bytes, str, str]]:
    """Gives faces of different people: bytes, age group, gender; one of each group in turn."""
    by_group: dict[str, list[tuple[bytes, str, str]]] = {group: [] for group in AGE_GROUPS}
    shown = set()
    for table in sorted(folder.glob("fold_*_data.txt")):
        for row in csv.DictReader(table.read_text().splitlines(), delimiter="\t"):
            try:
                labels = label_from_row(row, TASK.settings())
            except ValueError:
                continue
            group, gender = str(labels["age_group"]), str(labels["gender"])
            if UNKNOWN not in (group, gender) and row["user_id"] not in shown:
                shown.add(row["user_id"])
                name = f"landmark_aligned_face.{row['face_id']}.{row['original_image']}"
                path = folder / "aligned" / row["user_id"] / name
                by_group[group].append((servable_bytes(path.read_bytes()), group, gender))
    rows = min(limit // len(AGE_GROUPS), *map(len, by_group.values()))
    return [by_group[group][row] for row in range(rows) for group in AGE_GROUPS]


def cell(content: bytes, lines: list[tuple[str, str, float]]) -> Image.Image:
    """One face with a line for each answer: the answer, what is right, and its probability."""
    face = Image.open(io.BytesIO(content)).convert("RGB").resize((_FACE_PX, _FACE_PX))
    box = Image.new("RGB", (_FACE_PX, _FACE_PX + len(lines) * _LINE_PX + 2), "white")
    box.paste(face)
    for number, (answer, truth, probability) in enumerate(lines):
        words = f"{answer} {probability:.0%}" + ("" if answer == truth else f" ({truth})")
        ImageDraw.Draw(box).text(
            (2, _FACE_PX + number * _LINE_PX),
            words,
            fill=_RIGHT if answer == truth else _WRONG,
            font=ImageFont.load_default(_LINE_PX - 2),
        )
    return box


def main() -> None:
    """Writes the sheet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--root", help="as for lianxi")
    parser.add_argument("--limit", type=int, default=24, help="at most; as many of each age group")
    arguments = parser.parse_args()
    faces = find_labelled_faces(arguments.folder, arguments.limit)
    model = tf.saved_model.load(find_pushed_model("age_gender", arguments.root))
    answer = model.signatures["serving_default"](image=tf.constant([face[0] for face in faces]))
    cells, wrong = [], [0, 0]
    for row, (content, group, gender) in enumerate(faces):
        ages = answer["age_probabilities"][row].numpy()
        lines = [
            (answer["age_group"][row].numpy().decode(), group, float(ages.max())),
            (
                answer["gender"][row].numpy().decode(),
                gender,
                float(answer["gender_probability"][row]),
            ),
        ]
        wrong = [
            count + (said != truth) for count, (said, truth, _) in zip(wrong, lines, strict=True)
        ]
        cells.append(cell(content, lines))
    page = sheet(cells, len(AGE_GROUPS))
    # 256 colours are enough, and a third of the bytes.
    page.quantize(256).save(arguments.out, optimize=True)
    print(f"{arguments.out}: {len(faces)} faces, {wrong[0]} ages and {wrong[1]} genders wrong")


if __name__ == "__main__":
    main()
