"""`lianxi infer` as a person calls it: rows in order, bad ones said, files that are kept."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import tensorflow as tf
from smoke import SmokeRun
from test_cli import lianxi

pytestmark = pytest.mark.e2e

NAMES = ["王婷婷", "田野", "未知", "李建国", "", "赵敏"]


@pytest.mark.smoke_of("name_gender")
def test_a_table_without_labels_is_answered_in_its_order(
    run_of_one: SmokeRun, tmp_path: Path
) -> None:
    table, out = tmp_path / "names.csv", tmp_path / "out.jsonl"
    rows = [f"{number},{name}" for number, name in enumerate(NAMES * 50)]
    table.write_text("\n".join(["id,姓名", *rows]), "utf-8")
    common = ["--env", "smoke", "--root", str(run_of_one.root)]
    process = lianxi(
        "infer", "name_gender", "--data", str(table), "--out", str(out), *common, "--json"
    )
    # A third of the rows is bad, far more than the limit.
    assert process.returncode == 1, process.stderr
    assert "100 of 300 were not answered, more than the limit of 5%" in process.stderr
    summary = json.loads(process.stdout.splitlines()[-1])
    assert (summary["requests"], summary["answered"], summary["quarantined"]) == (300, 200, 100)
    answers = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    good = [number for number in range(300) if NAMES[number % 6] not in ("未知", "")]
    assert [int(each["id"]) for each in answers] == good
    assert [each["key"] for each in answers] == [f"names.csv:{number + 2}" for number in good]
    assert {each["label"] for each in answers} <= {"female", "male"}
    rejects = [json.loads(line) for line in Path(summary["rejects"]).read_text().splitlines()]
    assert len(rejects) == 100 and all("expected a name" in each["reason"] for each in rejects)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert not list((run_of_one.root / "smoke/pipelines").glob("*_infer_*"))
    asked = lianxi("predict", "name_gender", NAMES[0], *common, "--json")
    probability = json.loads(asked.stdout)["probability"][0]
    assert answers[0]["probability"] == pytest.approx(probability, abs=1e-5)
    again = lianxi("infer", "name_gender", "--data", str(table), "--out", str(out), *common)
    assert again.returncode == 2 and "add --overwrite" in again.stderr


@pytest.mark.smoke_of("captcha_ocr")
def test_pictures_are_answered_by_their_paths(run_of_one: SmokeRun, tmp_path: Path) -> None:
    pictures, out = tmp_path / "pictures", tmp_path / "out.tfrecord.gz"
    wanted = ["--charset", "digits", "--min-chars=2", "--max-chars=2", "--seed", "7"]
    lianxi("sample", "captcha_ocr", str(pictures), "--count", "20", *wanted)
    (pictures / "deeper").mkdir()
    for number, path in enumerate(sorted(pictures.glob("*.png"))[:5]):
        path.rename(pictures / "deeper" / f"unknown {number}.png")
    (pictures / "bad.png").write_bytes(b"no picture")
    common = ["--env", "smoke", "--root", str(run_of_one.root)]
    process = lianxi(
        "infer", "captcha_ocr", "--data", str(pictures), "--out", str(out), *common, "--overwrite"
    )
    assert process.returncode == 0, process.stderr
    assert "20 of 21" in process.stdout
    found = [
        tf.train.Example.FromString(each).features.feature
        for each in tf.data.TFRecordDataset([str(out)], "GZIP").as_numpy_iterator()
    ]
    keys = [each["key"].bytes_list.value[0].decode() for each in found]
    whole = sorted(str(path.relative_to(pictures)) for path in pictures.rglob("*.png"))
    assert keys == [name for name in whole if name != "bad.png"]
    [reject] = (tmp_path / "out.rejects.jsonl").read_text().splitlines()
    assert json.loads(reject)["key"] == "bad.png"
    assert all(len(each["character_confidences"].float_list.value) == 6 for each in found)


@pytest.mark.smoke_of("name_gender")
def test_the_table_is_csv_and_the_version_is_named(run_of_one: SmokeRun, tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("王婷婷\n田野\n", "utf-8")
    version = Path(run_of_one.first["pushed"]).name
    out = tmp_path / "out.csv"
    common = ["--env", "smoke", "--root", str(run_of_one.root), "--out", str(out)]
    data = ["--data", str(tmp_path / "names.txt")]
    lost = lianxi("infer", "name_gender", *data, *common, "--model-version", "7")
    assert lost.returncode == 2 and f"no pushed version 7 in {run_of_one.root}" in lost.stderr
    process = lianxi("infer", "name_gender", *data, *common, "--model-version", version)
    assert process.returncode == 0, process.stderr
    assert f"version {version}" in process.stdout and "answered     2 of 2" in process.stdout
    with out.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["王婷婷", "田野"]
    assert [row["key"] for row in rows] == ["names.txt:1", "names.txt:2"]
