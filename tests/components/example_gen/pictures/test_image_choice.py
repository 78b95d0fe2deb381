"""Which pictures of a folder are used, and for what: splits, filters, duplicates."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawing import FOLDER, Settings, task, write_picture
from PIL import Image
from run_executor import execute, read_back

from components.example_gen import quarantine
from components.example_gen.pictures.image_folder import ImageFolderExampleGen
from components.example_gen.records import split_of
from modules.common.declaring.settings import setting
from modules.common.pictures.image_files import pixel_digest
from modules.common.pictures.settings import PictureSettings
from modules.common.pictures.sources import ImageFolderSource
from modules.common.runtime.errors import DataError

CHOSEN = replace(
    FOLDER,
    depths=(1, 2),
    splitter="drawing.split_or_refuse",
    needs_colour=True,
    drops_duplicates=True,
)


class ChoosySettings(Settings, PictureSettings):
    """Those of a task for which pictures may be too small."""

    min_side_px: int = setting(20)


def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: ImageFolderSource, **settings: Any
) -> tuple[dict[str, list[int]], dict[str, tuple[str, str]], quarantine.Counts]:
    """Gives the numbers of the pictures in each split, the rejects by path, and the counts."""
    output = tmp_path / "ImageFolderExampleGen" / "examples" / "1"
    tiny = replace(task(source, settings=ChoosySettings), quarantine_limit=0.9)
    examples = execute(
        monkeypatch, ImageFolderExampleGen, tiny, tmp_path / "data", output, **settings
    )
    splits = {
        split: sorted(int(features["text"]) for features in read_back(output, split))
        for split in ("train", "eval")
        if list(output.glob(f"Split-{split}/*.gz"))
    }
    lines = (output / "quarantine" / "rejects.jsonl").read_text().splitlines()
    rejects = {line["path"]: (line["kind"], line["reason"]) for line in map(json.loads, lines)}
    assert len(rejects) == len(lines)
    counts = quarantine.read_counts(str(output))
    for name in ("examples", "quarantined", "set_aside"):
        assert examples.get_int_custom_property(name) == getattr(counts, name)
    assert [kind for kind, _ in rejects.values()].count("bad") == counts.quarantined
    assert [kind for kind, _ in rejects.values()].count("set aside") == counts.set_aside
    assert {split: len(numbers) for split, numbers in splits.items()} == counts.by_split
    return splits, rejects, counts


def noise(seed: int, size: tuple[int, int] = (24, 20)) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3))
    return Image.fromarray(pixels.astype(np.uint8))


def save(data: Path, name: str, image: Image.Image, **options: Any) -> None:
    path = data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


def test_folders_tell_the_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["train/a/1.png", "train/2.png", "validation/a/3.png", "test/b/4.png", "odd/5.png"]
    for number, name in enumerate(names):
        save(tmp_path / "data", name, noise(number))
    splits, rejects, _ = run(tmp_path, monkeypatch, CHOSEN)
    assert splits == {"train": [1, 2, 3], "eval": [4]}
    assert rejects == {"odd/5.png": ("bad", "odd/ is of no split")}


@pytest.mark.parametrize("drops_duplicates", [True, False])
def test_the_test_folder_is_set_aside_where_the_evaluation_is_on_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drops_duplicates: bool
) -> None:
    for number, name in enumerate(["train/1.png", "validation/2.png", "test/3.png"]):
        save(tmp_path / "data", name, noise(number))
    source = replace(CHOSEN, drops_duplicates=drops_duplicates)
    splits, rejects, counts = run(tmp_path, monkeypatch, source, eval_folder="validation")
    assert splits == {"train": [1], "eval": [2]}
    assert rejects["test/3.png"][0] == "set aside"
    assert str(counts) == "1 train, 1 eval, 0 quarantined, 1 set aside"


def test_a_split_without_a_folder_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(["train/1.png", "validation/2.png"]):
        save(tmp_path / "data", name, noise(number))
    said = "no folder of pictures to evaluate on; --set eval_folder= names it, now 'test'"
    with pytest.raises(DataError, match=said):
        run(tmp_path, monkeypatch, CHOSEN)
    with pytest.raises(DataError, match="no folder of pictures to train on"):
        run(tmp_path, monkeypatch, replace(CHOSEN, depths=(1,), pattern="validation/*.png"),
            eval_folder="validation")  # fmt: skip


def test_class_folders_are_split_by_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: dict[str, list[int]] = {"train": [], "eval": []}
    for number in range(30):
        save(tmp_path / "data", f"hat/{number}.png", noise(number))
        wanted[split_of(pixel_digest(noise(number)), 20)].append(number)
    splits, rejects, _ = run(tmp_path, monkeypatch, CHOSEN)
    assert splits == wanted and wanted["eval"] and not rejects


def test_of_the_same_pictures_one_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, same, other = tmp_path / "data", noise(1), noise(2)
    save(data, "train/b/1.png", same)
    save(data, "train/a/2.bmp", same)
    save(data, "train/c/3.webp", same, lossless=True)
    save(data, "train/c/4.PNG", same.convert("RGBA"), format="PNG")
    # Of these the first by path is in the training split, but test pictures stay.
    save(data, "test/z/5.png", other)
    save(data, "test/y/6.png", other)
    save(data, "a/7.png", other)
    save(data, "train/a/8.png", other)
    save(data, "train/a/9.png", noise(3))
    splits, rejects, counts = run(tmp_path, monkeypatch, CHOSEN)
    assert splits["eval"] == [6]
    assert splits["train"] == [2, 9]
    same_as = {path: reason for path, (_, reason) in rejects.items()}
    assert same_as == {
        "train/b/1.png": "the same picture as train/a/2.bmp",
        "train/c/3.webp": "the same picture as train/a/2.bmp",
        "train/c/4.PNG": "the same picture as train/a/2.bmp",
        "test/z/5.png": "the same picture as test/y/6.png",
        "a/7.png": "the same picture as test/y/6.png",
        "train/a/8.png": "the same picture as test/y/6.png",
    }
    assert (counts.set_aside, counts.quarantined) == (6, 0)


def test_duplicates_are_kept_where_the_task_does_not_drop_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("train/1.png", "train/2.png", "test/3.png"):
        save(tmp_path / "data", name, noise(1))
    splits, rejects, _ = run(tmp_path, monkeypatch, replace(CHOSEN, drops_duplicates=False))
    assert splits == {"train": [1, 2], "eval": [3]} and not rejects


def bomb() -> bytes:
    """A PNG that claims 50,000 x 50,000 pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + body + crc + b"\0\0\0\x09IDAT" + bytes(9)


def write_bad(data: Path) -> dict[str, str]:
    """Writes what is to be quarantined, and gives parts of the reasons."""
    save(data, "train/100.jpg", noise(0, (96, 64)))
    whole = (data / "train/100.jpg").read_bytes()
    (data / "train/100.jpg").write_bytes(whole[: len(whole) // 2])
    (data / "train/101.png").write_bytes(bomb())
    save(data, "train/102.jpg", noise(2).convert("CMYK"))
    save(data, "train/103.png", Image.fromarray(np.full((30, 30), 999, np.uint16)))
    (data / "train/104.png").write_bytes(b"")
    (data / "train/105.jpg").write_text("A text that is named like a picture.\n" * 9)
    write_picture(data / "train/106.png", 7, (30, 30))
    save(data, "train/107.png", noise(7, (300, 19)))
    return {
        "train/100.jpg": "the JPEG picture does not decode, it is damaged or cut off",
        "train/101.png": "expected at most 16,777,216 pixels, found far more",
        "train/102.jpg": "found CMYK",
        "train/103.png": "found greyscale of 16 bits",
        "train/104.png": "the file is empty",
        "train/105.jpg": "expected a whole picture (PNG, JPEG, GIF, BMP, WebP, TIFF), found 333",
        "train/106.png": "found greyscale (L)",
        "train/107.png": "expected at least 20 px on the shorter side, found 300 x 19",
    }


@pytest.mark.parametrize("drops_duplicates", [True, False])
def test_what_is_bad_is_quarantined_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drops_duplicates: bool
) -> None:
    data = tmp_path / "data"
    reasons = write_bad(data)
    red, blue = (Image.new("RGB", (24, 20), colour) for colour in ("red", "blue"))
    save(data, "train/1.gif", red, save_all=True, append_images=[blue])
    save(data, "train/2.webp", noise(1), save_all=True, append_images=[blue], lossless=True)
    save(data, "train/3.png", noise(2).convert("RGBA"))
    save(data, "test/4.png", noise(3).quantize(16))
    source = replace(CHOSEN, drops_duplicates=drops_duplicates)
    splits, rejects, _ = run(tmp_path, monkeypatch, source)
    assert splits == {"train": [1, 2, 3], "eval": [4]}
    assert set(rejects) == set(reasons)
    for path, part in reasons.items():
        kind, reason = rejects[path]
        assert kind == "bad" and part in reason


def test_many_pictures_are_looked_at_and_read_in_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(150):
        folder = "test" if number % 5 == 0 else "train"
        save(tmp_path / "data", f"{folder}/{number}.png", noise(number))
        save(tmp_path / "data", f"train/copies/{number + 1000}.bmp", noise(number))
    splits, rejects, counts = run(tmp_path, monkeypatch, CHOSEN)
    assert splits["eval"] == list(range(0, 150, 5))
    # Of two training pictures the first by path is kept: a digit comes before `copies`.
    assert splits["train"] == [number for number in range(150) if number % 5]
    assert counts.set_aside == len(rejects) == 150
