"""Photographs and what a pushed deep_dream model makes of them, side by side.

    python docs/drawing/dream_sheet.py photos/*.jpg --server localhost:8500 --out sheet.jpg
    python docs/drawing/dream_sheet.py photos/*.jpg --layers "" fire3 fire7 --out sheet.jpg

The first column is the photograph; then one for each of `--layers`, empty for those that the model
was exported with.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image

from lianxi_client import Client

_GAP_PX = 6


def dreamt(client: Client, photo: Image.Image, layers: str) -> Image.Image:
    """Asks for a dream of these layers."""
    file = io.BytesIO()
    photo.save(file, "PNG")
    answer = client.predict(
        "deep_dream", {"image": [file.getvalue()], "layers": [layers]}, timeout_s=600
    )
    first, *_, last = answer["objective"][0]
    print(f"{layers or 'as exported'}: {first:.4g} to {last:.4g}")
    return Image.open(io.BytesIO(answer["image"][0]))


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--layers", nargs="+", default=[""])
    parser.add_argument("--server", default="localhost:8500")
    parser.add_argument("--side-px", type=int, default=400, help="longer side of the photographs")
    parser.add_argument("--out", type=Path, default=Path("dream_sheet.jpg"))
    given = parser.parse_args()
    rows = []
    with Client(given.server) as client:
        for path in given.photos:
            photo = Image.open(path).convert("RGB")
            photo.thumbnail((given.side_px, given.side_px))
            rows.append([photo, *(dreamt(client, photo, layers) for layers in given.layers)])
    wide = max(row[0].width for row in rows) + _GAP_PX
    size = (len(rows[0]) * wide - _GAP_PX, sum(row[0].height + _GAP_PX for row in rows) - _GAP_PX)
    sheet = Image.new("RGB", size, "white")
    top = 0
    for row in rows:
        for column, picture in enumerate(row):
            sheet.paste(picture, (column * wide, top))
        top += row[0].height + _GAP_PX
    sheet.save(given.out, quality=82)


if __name__ == "__main__":
    main()
