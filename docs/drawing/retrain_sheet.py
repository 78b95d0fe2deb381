"""A sheet of photos with what the pushed image_retrain says; wrong answers are red.

    python docs/drawing/retrain_sheet.py ../shared/data/images/test docs/image_retrain.png --each 3

What is right comes from the folders' names, and so does the order. It also prints which classes are
taken for which.
"""

from __future__ import annotations

import argparse
import io
from collections import Counter
from pathlib import Path

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

from PIL import Image
from reading_sheet import cell, find_pushed_model, sheet

from modules.common.pictures.image_files import servable_bytes

_SIDE_PX = 132
# Keeps the file small.
_COLOURS = 96
_AT_ONCE = 32


def answers(model_dir: str, contents: list[bytes]) -> list[tuple[str, float]]:
    """Gives the likeliest class of each photo, and its probability."""
    import tensorflow as tf

    serve = tf.saved_model.load(model_dir).signatures["serving_default"]
    found: list[tuple[str, float]] = []
    for start in range(0, len(contents), _AT_ONCE):
        images = tf.constant(contents[start : start + _AT_ONCE])
        answer = serve(image=images, top_k=tf.ones([len(images)], tf.int64))
        labels = [label.decode() for label in answer["labels"].numpy()[:, 0]]
        found += zip(labels, answer["probabilities"].numpy()[:, 0].tolist(), strict=True)
    return found


def small(content: bytes) -> bytes:
    """A photo's middle, as a small PNG."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    picture = picture.crop((left, top, left + side, top + side))
    file = io.BytesIO()
    picture.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS).save(file, "PNG")
    return file.getvalue()


def main() -> None:
    """Writes the sheet, and prints what is confused."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="holds a folder for each class")
    parser.add_argument("out", type=Path)
    parser.add_argument("--root", help="as for lianxi")
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--each", type=int, default=3, help="photos of each class on the sheet")
    arguments = parser.parse_args()
    paths = sorted(path for path in arguments.folder.glob("*/*") if path.is_file())
    contents = [servable_bytes(path.read_bytes()) for path in paths]
    found = answers(find_pushed_model("image_retrain", arguments.root), contents)
    shown: Counter[str] = Counter()
    cells, confused = [], Counter[tuple[str, str]]()
    for path, content, (label, probability) in zip(paths, contents, found, strict=True):
        truth = path.parent.name
        shown[truth] += 1
        if shown[truth] <= arguments.each:
            cells.append(cell(small(content), label, probability, truth))
        if label != truth:
            confused[truth, label] += 1
    sheet(cells, arguments.columns).quantize(_COLOURS).save(arguments.out, optimize=True)
    right = len(paths) - confused.total()
    print(f"{arguments.out}: {right} of {len(paths)} photos are right")
    for (truth, label), count in confused.most_common():
        print(f"{count:3d}  {truth} taken for {label}")


if __name__ == "__main__":
    main()
