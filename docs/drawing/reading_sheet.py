"""A sheet of pictures with what a pushed model reads in them; wrong readings are red.

    lianxi sample captcha_ocr pictures --count 24
    python docs/drawing/reading_sheet.py captcha_ocr pictures sheet.png
    python docs/drawing/reading_sheet.py id_number_ocr pictures sheet.png --columns 2

What is right comes from the files' names. The pictures of docs/ are made with this.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from pushed_model import find_pushed_model

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from modules.common.declaring.registry import load_task
from modules.common.pictures.image_files import servable_bytes

_TEXT_PX = 14
_GAP_PX = 6
_RIGHT, _WRONG = "black", "red"


def read(model_dir: str, output: str, contents: list[bytes]) -> list[tuple[str, float]]:
    """Gives the reading of each picture, and its confidence."""
    answer = tf.saved_model.load(model_dir).signatures["serving_default"](
        image=tf.constant(contents)
    )
    texts = [text.decode() for text in answer[output].numpy()]
    return list(zip(texts, answer["confidence"].numpy().tolist(), strict=True))


def cell(content: bytes, text: str, confidence: float, truth: str) -> Image.Image:
    """One picture with its reading below it."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    box = Image.new("RGB", (picture.width, picture.height + _TEXT_PX + 2), "white")
    box.paste(picture)
    is_right = text == truth
    words = f"{text} {confidence:.0%}" + ("" if is_right else f" ({truth})")
    ImageDraw.Draw(box).text(
        (2, picture.height),
        words,
        fill=_RIGHT if is_right else _WRONG,
        font=ImageFont.load_default(_TEXT_PX - 2),
    )
    return box


def sheet(cells: list[Image.Image], columns: int) -> Image.Image:
    """Lays cells of one size in rows."""
    width, height = (size + _GAP_PX for size in cells[0].size)
    rows = -(-len(cells) // columns)
    page = Image.new("RGB", (columns * width + _GAP_PX, rows * height + _GAP_PX), "white")
    for number, each in enumerate(cells):
        row, column = divmod(number, columns)
        page.paste(each, (_GAP_PX + column * width, _GAP_PX + row * height))
    return page


def main() -> None:
    """Writes the sheet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=("captcha_ocr", "id_number_ocr"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--root", help="as for lianxi")
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--limit", type=int, default=24)
    arguments = parser.parse_args()
    paths = sorted(arguments.folder.glob("**/*.png"))[: arguments.limit]
    contents = [servable_bytes(path.read_bytes()) for path in paths]
    output = load_task(arguments.task).serving.outputs[0].name
    readings = read(find_pushed_model(arguments.task, arguments.root), output, contents)
    cells = [
        cell(content, text, confidence, path.stem.partition("_")[0])
        for path, content, (text, confidence) in zip(paths, contents, readings, strict=True)
    ]
    sheet(cells, arguments.columns).save(arguments.out)
    wrong = sum(
        text != path.stem.partition("_")[0] for path, (text, _) in zip(paths, readings, strict=True)
    )
    print(f"{arguments.out}: {len(paths)} pictures, {wrong} read wrongly")


if __name__ == "__main__":
    main()
