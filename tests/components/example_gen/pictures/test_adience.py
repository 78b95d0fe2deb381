"""Adience's tables and faces, through the whole executor."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from drawing import task
from PIL import Image
from run_executor import execute, read_back
from tfx.components.example_gen.driver import FileBasedDriver
from tfx.orchestration import data_types

from components.example_gen.pictures.adience import AdienceExampleGen, Executor
from components.example_gen.read_config import ReadConfig
from modules.common.declaring.settings import DATA, resolve, tell
from modules.common.declaring.task import Task
from modules.common.declaring.training_settings import TrainingSettings
from modules.common.pictures.settings import FoldSettings
from modules.common.pictures.sources import AdienceSource
from modules.common.runtime.errors import DataError, SettingError

SOURCE = AdienceSource(labeler="drawing.row_label", needs_colour=True)
# As in the published tables.
HEADER = (
    "user_id\toriginal_image\tface_id\tage\tgender\tx\ty\tdx\tdy\ttilt_ang\t"
    "fiducial_yaw_angle\tfiducial_score"
)


class Settings(TrainingSettings, FoldSettings):
    """What may be set for a task that reads Adience."""


def tiny() -> Task:
    """A task that reads Adience."""
    return replace(task(SOURCE, settings=Settings), quarantine_limit=0.9)


def row(user: str, image: str, face: int, age: str) -> str:
    return f"{user}\t{image}\t{face}\t{age}\tf\t0\t414\t1086\t1383\t-115\t30\t17"


def write_face(data: Path, user: str, image: str, face: int) -> bytes:
    path = data / "aligned" / user / f"landmark_aligned_face.{face}.{image}"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise((30, 30), 50).convert("RGB").save(path)
    return path.read_bytes()


def write_data(data: Path) -> dict[str, bytes]:
    """Two good rows in each fold; gives the faces by age."""
    faces = {}
    for fold in range(5):
        rows = []
        for number in range(2):
            user, age = f"1{fold}{number}@N03", str(10 * fold + number)
            image = f"10399646885_{number}.jpg"
            faces[age] = write_face(data, user, image, 2174)
            rows.append(row(user, image, 2174, age))
        (data / f"fold_{fold}_data.txt").write_text("\n".join([HEADER, *rows]) + "\n")
    return faces


def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> tuple[dict[str, dict[str, bytes]], dict[tuple[str, str], str]]:
    """Gives the faces by age for each split, and the reasons by place."""
    output = tmp_path / "AdienceExampleGen" / "examples" / "1"
    execute(monkeypatch, AdienceExampleGen, tiny(), tmp_path / "data", output, **settings)
    splits = {
        split: {row["text"].decode(): row["image"] for row in read_back(output, split)}
        for split in ("train", "eval")
    }
    lines = (output / "quarantine" / "rejects.jsonl").read_text().splitlines()
    return splits, {
        (line["path"], line["where"]): line["reason"] for line in map(json.loads, lines)
    }


def list_rows(data: Path, fold: int = 0) -> None:
    """Does what comes before the pipeline."""
    config = ReadConfig(
        task_name="tiny_task",
        source=SOURCE,
        settings=tell(resolve(Settings, {"fold": fold}), DATA),
        data_dir=str(data),
    )
    Executor.check(Executor.items(config, SOURCE.patterns), config)


@pytest.mark.parametrize("fold", [0, 3])
def test_one_fold_is_the_evaluation_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fold: int
) -> None:
    faces = write_data(tmp_path / "data")
    splits, rejects = run(tmp_path, monkeypatch, fold=fold)
    assert set(splits["eval"]) == {str(10 * fold), str(10 * fold + 1)}
    assert splits["eval"] | splits["train"] == faces and not rejects


def test_bad_rows_are_quarantined_with_their_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    write_data(data)
    write_face(data, "u", "text.jpg", 1)
    (data / "aligned/u/landmark_aligned_face.1.text.jpg").write_text("no picture")
    Image.new("L", (30, 30)).save(data / "aligned/u/landmark_aligned_face.1.grey.jpg")
    lines = [
        row("u", "gone.jpg", 1, "7").encode(),
        row("u", "text.jpg", 1, "7").encode(),
        row("u", "grey.jpg", 1, "7").encode(),
        row("u", "grey.jpg", 1, "None").encode(),
        row("..", "grey.jpg", 1, "7").encode(),
        b"u\tgrey.jpg\t1",
        b"",
        row("u", "gr\xff.jpg", 1, "7").encode("latin-1"),
    ]
    with (data / "fold_1_data.txt").open("ab") as file:
        file.write(b"\r\n".join(lines) + b"\r\n\n")
    splits, rejects = run(tmp_path, monkeypatch)
    assert len(splits["train"]) == 8 and len(splits["eval"]) == 2
    face = "aligned/u/landmark_aligned_face.1"
    reasons = [
        f"{face}.gone.jpg cannot be read: No such file or directory",
        f"{face}.text.jpg: expected a whole picture (PNG, JPEG, GIF, BMP, WebP, TIFF), found 10",
        f"{face}.grey.jpg: expected a picture in colour, of three channels, found greyscale (L)",
        "age: expected a number, found 'None'",
        "user_id: expected part of a file's name, found '..'",
        "expected 12 fields as in the header, found 3",
        "expected UTF-8, which the file is in, found other bytes",
    ]
    # The blank one is passed over.
    at = [4, 5, 6, 7, 8, 9, 11]
    assert set(rejects) == {("fold_1_data.txt", f"line {line}") for line in at}
    for line, reason in zip(at, reasons, strict=True):
        assert rejects["fold_1_data.txt", f"line {line}"].startswith(reason)


def test_the_last_row_may_end_in_empty_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    write_data(data)
    write_face(data, "u", "1.jpg", 1)
    with (data / "fold_4_data.txt").open("a") as file:
        file.write("u\t1.jpg\t1\t99\t\t\t\t\t\t\t\t\n\n")
    splits, rejects = run(tmp_path, monkeypatch)
    assert "99" in splits["train"] and not rejects


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: (data / "fold_0_data.txt").unlink(), "expected fold_0_data.txt to evaluate"),
        (lambda data: [(data / f"fold_{k}_data.txt").unlink() for k in range(1, 5)], "others to"),
        (
            lambda data: (data / "fold_2_data.txt").write_text("user_id\tage\n1\t2\n"),
            "fold_2_data.txt has no column original_image, face_id, gender; expected a tab-sep",
        ),
        (lambda data: (data / "fold_2_data.txt").write_text(""), "found an empty file"),
        (
            lambda data: [(data / f"fold_{k}_data.txt").write_text(HEADER) for k in range(5)],
            "hold no rows, only headers",
        ),
        (lambda data: os.rename(data / "aligned", data / "faces"), "has no folder aligned/"),
    ],
)
def test_what_is_missing_is_an_error(tmp_path: Path, change: Any, said: str) -> None:
    write_data(tmp_path)
    list_rows(tmp_path)
    change(tmp_path)
    with pytest.raises(DataError, match=said):
        list_rows(tmp_path)


@pytest.mark.parametrize("fold", [-1, 5])
def test_there_are_five_folds(tmp_path: Path, fold: int) -> None:
    write_data(tmp_path)
    with pytest.raises(SettingError, match=f"fold takes a whole number, 0 to 4, found {fold}"):
        list_rows(tmp_path, fold)


def test_tfx_notices_changed_tables_and_faces(tmp_path: Path) -> None:
    write_data(tmp_path)
    component = AdienceExampleGen(tiny(), SOURCE, str(tmp_path), tell(Settings(), DATA), "digest")
    info = data_types.ComponentInfo("", "", data_types.PipelineInfo("", ""))

    def fingerprint() -> str:
        properties = dict(component.exec_properties)
        resolved = FileBasedDriver(None).resolve_exec_properties(
            properties, info.pipeline_info, info
        )
        return str(resolved["input_fingerprint"])

    seen = [fingerprint()]
    assert fingerprint() == seen[0]
    write_face(tmp_path, "new", "1.jpg", 1)
    seen.append(fingerprint())
    os.utime(tmp_path / "fold_4_data.txt", (1, 1))
    seen.append(fingerprint())
    assert len(set(seen)) == 3


def test_the_source_knows_its_layout(tmp_path: Path) -> None:
    assert not SOURCE.matches(tmp_path)
    write_face(tmp_path, "u", "1.jpg", 1)
    assert not SOURCE.matches(tmp_path)
    (tmp_path / "fold_2_data.txt").write_text(HEADER)
    assert SOURCE.matches(tmp_path)
