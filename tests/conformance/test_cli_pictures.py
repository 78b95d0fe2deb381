"""The command line with pictures: samples of a task as files, read, evaluated and answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from smoke import SmokeRun
from test_cli import lianxi

pytestmark = [pytest.mark.e2e, pytest.mark.smoke_of("captcha_ocr")]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files") / "pictures"
    wanted = ["--charset", "digits", "--min-chars=2", "--max-chars=2", "--seed", "7"]
    process = lianxi("sample", "captcha_ocr", str(folder), "--count", "30", *wanted)
    assert process.returncode == 0, process.stderr
    assert len(list(folder.glob("*.png"))) == 30
    return folder


def test_predict_answers_files_and_goes_on_after_a_bad_one(
    run_of_one: SmokeRun, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    files = sorted(pictures.glob("*.png"))[:10]
    named = [str(path) for path in (files[0], tmp_path / "bad.png", *files[1:])]
    common = ["--env", "smoke", "--root", str(run_of_one.root)]
    process = lianxi("predict", "captcha_ocr", *named, *common)
    assert process.returncode == 1
    assert "bad.png cannot be used: expected a whole picture" in process.stderr
    assert "Traceback" not in process.stderr
    answers = dict(line.split(": ", 1) for line in process.stdout.splitlines())
    assert list(answers) == [str(path) for path in files]
    right = sum(answers[str(path)].startswith(path.name[:2] + "\t") for path in files)
    assert right >= 7


def test_evaluate_measures_a_folder_and_counts_what_is_bad(
    run_of_one: SmokeRun, pictures: Path
) -> None:
    common = ["--env", "smoke", "--root", str(run_of_one.root), "--json"]
    process = lianxi("evaluate", "captcha_ocr", "--data", str(pictures), "--all", *common)
    assert process.returncode == 0, process.stderr
    slices = json.loads(process.stdout)["slices"]
    assert slices["overall"]["example_count"] == 30
    assert slices["overall"]["text_accuracy"] > 0.7
    assert slices["length=2"] == slices["overall"]
