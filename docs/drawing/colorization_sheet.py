"""A sheet of photos: grey, as pushed or exported models colour them, and as they were.

    python docs/drawing/colorization_sheet.py ../shared/data/images/test sheet.jpg
    python docs/drawing/colorization_sheet.py photos sheet.jpg --model A --model B --limit 12

Without `--model` it takes the last pushed version. The pictures of docs/colorization.md are made
with this.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from pushed_model import find_pushed_model

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from modules.colorization.report import sheet

_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")


def choose(folder: Path, limit: int) -> list[Path]:
    """Takes pictures of a folder, evenly."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)
    return paths[:: max(1, len(paths) // limit)][:limit]


def colour(model_dir: str, photos: list[Image.Image]) -> list[np.ndarray]:
    """Gives what a model makes of the grey ones of photos."""
    serve = tf.saved_model.load(model_dir).signatures["serving_default"]
    answers = []
    for photo in photos:
        file = io.BytesIO()
        photo.convert("L").save(file, "PNG")
        [content] = serve(image=tf.constant([file.getvalue()]))["image"].numpy()
        answers.append(np.asarray(Image.open(io.BytesIO(content))))
    return answers


def main() -> None:
    """Writes the sheet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", action="append", help="folder of a SavedModel; several")
    parser.add_argument("--root", help="as for lianxi")
    parser.add_argument("--columns", type=int, default=2)
    parser.add_argument("--cell-px", type=int, default=150)
    parser.add_argument("--limit", type=int, default=16)
    arguments = parser.parse_args()
    photos = [
        ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        for path in choose(arguments.folder, arguments.limit)
    ]
    models = arguments.model or [find_pushed_model("colorization", arguments.root)]
    grey = [np.asarray(photo.convert("L").convert("RGB")) for photo in photos]
    told = [colour(model, photos) for model in models]
    true = [np.asarray(photo) for photo in photos]
    rows = [list(row) for row in zip(grey, *told, true, strict=True)]
    sheet(rows, arguments.columns, arguments.cell_px).save(arguments.out, quality=88)
    print(f"{arguments.out}: {len(photos)} photos, {len(models)} models")


if __name__ == "__main__":
    main()
