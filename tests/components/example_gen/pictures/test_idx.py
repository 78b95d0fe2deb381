"""MNIST's files, through the whole executor."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawing import Settings, task
from PIL import Image
from run_executor import execute, read_back

from components.example_gen.pictures.idx import Executor, IdxExampleGen
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import split_of
from modules.common.pictures.sources import IdxSource
from modules.common.runtime.errors import DataError

SOURCE = IdxSource(label="text")
TRAIN = np.random.default_rng(1).integers(0, 256, (40, 6, 5)).astype(np.uint8)
TEST = np.random.default_rng(2).integers(0, 256, (9, 6, 5)).astype(np.uint8)
TRAIN_LABELS, TEST_LABELS = np.arange(40).astype(np.uint8) % 10, np.arange(9).astype(np.uint8)


def idx(values: np.ndarray) -> bytes:
    magic = struct.pack(">BBBB", 0, 0, 8, values.ndim)
    return magic + b"".join(struct.pack(">I", side) for side in values.shape) + values.tobytes()


def write(data: Path, name: str, values: np.ndarray) -> None:
    data.mkdir(exist_ok=True)
    contents = idx(values)
    (data / name).write_bytes(gzip.compress(contents) if name.endswith(".gz") else contents)


def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, list[tuple[bytes, str]]], list[Any]]:
    """Gives pixels and labels of each split, and the rejects."""
    output = tmp_path / "IdxExampleGen" / "examples" / "1"
    tiny = replace(task(SOURCE), quarantine_limit=0.5)
    execute(monkeypatch, IdxExampleGen, tiny, tmp_path / "data", output)
    splits = {
        split: sorted(
            (pixels(features["image"]), features.get("text", b"").decode())
            for features in read_back(output, split)
        )
        for split in ("train", "eval")
    }
    lines = (output / "quarantine" / "rejects.jsonl").read_text().splitlines()
    return splits, [json.loads(line) for line in lines]


def pixels(png: bytes) -> bytes:
    image = Image.open(io.BytesIO(png))
    assert (image.format, image.mode, image.size) == ("PNG", "L", (5, 6))
    return image.tobytes()


def wanted(pictures: np.ndarray, labels: np.ndarray) -> list[tuple[bytes, str]]:
    return sorted(
        (picture.tobytes(), str(label)) for picture, label in zip(pictures, labels, strict=True)
    )


@pytest.mark.parametrize("separator", ["-", "."])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_pictures_have_their_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, separator: str, ending: str
) -> None:
    data = tmp_path / "data"
    write(data, f"train-images{separator}idx3-ubyte{ending}", TRAIN)
    assert SOURCE.matches(data)
    write(data, f"train-labels{separator}idx1-ubyte{ending}", TRAIN_LABELS)
    write(data, f"t10k-images{separator}idx3-ubyte{ending}", TEST)
    write(data, f"t10k-labels{separator}idx1-ubyte{ending}", TEST_LABELS)
    splits, rejects = run(tmp_path, monkeypatch)
    assert splits["train"] == wanted(TRAIN, TRAIN_LABELS)
    assert splits["eval"] == wanted(TEST, TEST_LABELS)
    assert not rejects


def test_without_t10k_the_digest_tells_the_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "data", "train-images-idx3-ubyte", TRAIN)
    splits, _ = run(tmp_path, monkeypatch)
    for split, found in splits.items():
        digests = {hashlib.sha256(picture).hexdigest() for picture, _ in found}
        assert {split_of(digest, 20) for digest in digests} == {split}
    assert sorted(splits["train"] + splits["eval"]) == sorted(
        (picture.tobytes(), "") for picture in TRAIN
    )


@pytest.mark.parametrize("cut", ["images", "labels"])
def test_what_is_cut_off_is_counted_picture_by_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    data = tmp_path / "data"
    write(data, "train-images-idx3-ubyte", TRAIN)
    write(data, "train-labels-idx1-ubyte", TRAIN_LABELS)
    write(data, "t10k-images-idx3-ubyte", TEST)
    write(data, "t10k-labels-idx1-ubyte", TEST_LABELS)
    path = data / ("train-images-idx3-ubyte" if cut == "images" else "train-labels-idx1-ubyte")
    path.write_bytes(path.read_bytes()[: 16 + 30 * 37 + 12 if cut == "images" else 8 + 37])
    splits, rejects = run(tmp_path, monkeypatch)
    assert splits["train"] == wanted(TRAIN[:37], TRAIN_LABELS[:37])
    assert [reject["where"] for reject in rejects] == ["picture 38", "picture 39", "picture 40"]
    assert {reject["path"] for reject in rejects} == {"train-images-idx3-ubyte"}
    assert "damaged or cut off" in rejects[0]["reason"]


def list_pairs(data: Path) -> None:
    """Does what comes before the pipeline."""
    config = ReadConfig(
        task_name="tiny_task", source=SOURCE, settings=Settings(), data_dir=str(data)
    )
    Executor.check(Executor.items(config, SOURCE.patterns), config)


@pytest.mark.parametrize(
    ("name", "contents", "said"),
    [
        ("train-images-idx3-ubyte", idx(TRAIN_LABELS), "in 3 dimensions, beginning with"),
        ("train-images-idx3-ubyte", b"", "found b''"),
        ("train-images-idx3-ubyte.gz", gzip.compress(b"text"), "ubyte.gz: expected an IDX"),
        ("train-images-idx3-ubyte.gz", b"text", "ubyte.gz: expected an IDX"),
    ],
    ids=["labels", "empty", "a text, compressed", "not compressed"],
)
def test_what_is_no_such_file_is_an_error(
    tmp_path: Path, name: str, contents: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(contents)
    with pytest.raises(DataError, match=said):
        list_pairs(tmp_path)


def test_a_header_that_claims_billions_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    header = struct.pack(">BBBBIII", 0, 0, 8, 3, 2**32 - 1, 6, 5)
    (tmp_path / "data" / "train-images-idx3-ubyte").write_bytes(header + bytes(60))
    with pytest.raises(DataError, match="claims 4,294,967,295 pictures and is cut off after 2"):
        run(tmp_path, monkeypatch)


def test_files_that_do_not_belong_together_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, "train-images-idx3-ubyte", TRAIN)
    write(tmp_path, "train-labels-idx1-ubyte", TRAIN_LABELS[:39])
    with pytest.raises(DataError, match="has 40 pictures, but train-labels-idx1-ubyte 39 labels"):
        list_pairs(tmp_path)
    write(tmp_path, "train-labels-idx1-ubyte", TRAIN_LABELS)
    list_pairs(tmp_path)
    write(tmp_path, "t10k-images-idx3-ubyte", TEST)
    with pytest.raises(DataError, match="only one of train and t10k has labels"):
        list_pairs(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").unlink()
    assert not SOURCE.matches(tmp_path)
    with pytest.raises(DataError, match="has no train-images-idx3-ubyte; tiny_task reads MNIST"):
        list_pairs(tmp_path)
