"""The command line, as a person uses it: each call is a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from smoke import LIANXI, SmokeRun

from modules.common.declaring.registry import load_task, task_names

COMMANDS = (
    "list",
    "new",
    "run",
    "serve",
    "predict",
    "infer",
    "evaluate",
    "schema",
    "sample",
    "clean",
    "compile",
)


def lianxi(
    *arguments: str, stdin: str = "", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LIANXI, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=cwd,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )


def test_list_names_every_task_and_loads_nothing_heavy(tmp_path: Path) -> None:
    process = lianxi("list", "--json", "--root", str(tmp_path))
    assert [row["name"] for row in json.loads(process.stdout)] == task_names()
    code = (
        "import sys; from pipelines.cli import cli; "
        f"cli.main(['list', '--root', {str(tmp_path)!r}], standalone_mode=False); "
        "sys.exit('tensorflow' in sys.modules or 'tfx' in sys.modules)"
    )
    python = str(Path(LIANXI).parent / "python")
    assert subprocess.run([python, "-c", code], capture_output=True).returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command: str) -> None:
    process = lianxi(command, "--help")
    assert process.returncode == 0
    assert f"Usage: lianxi {command}" in process.stdout
    assert "--root" in process.stdout or command in ("new", "sample", "compile")
    examples = re.findall(rf"^ +lianxi {command}\b.*$", process.stdout, re.M)
    assert len(examples) >= 2 and "\\b" not in process.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "name_gendre"], 2, "did you mean 'name_gender'"),
        (["rnu", "name_gender"], 2, "did you mean 'run'"),
        (["run", "name_gender", "--set", "epoch=3"], 2, "did you mean 'epochs'"),
        (["run", "name_gender", "--set", "epochs=many"], 2, "takes a whole number, 1 or more"),
        (["run", "name_gender", "--set", "epochs"], 2, "expected name=value"),
        (["run", "name_gender", "--data", "nowhere"], 2, "nowhere does not exist"),
        (
            ["run", "name_gender", "--epoch", "3"],
            2,
            "no such option --epoch; did you mean '--epochs'",
        ),
        (["run", "name_gender", "--no-cach"], 2, "no such option --no-cach; did you mean '--no-"),
        (["run", "--no-cach", "name_gender"], 2, "no such option --no-cach; did you mean '--no-"),
        (["run", "name_gendre", "--epochs", "3"], 2, "did you mean 'name_gender'"),
        (["run", "name_gender", "--epochs=many"], 2, "takes a whole number, 1 or more"),
        (["run", "name_gender", "--epochs"], 2, "--epochs takes a value"),
        (["run", "name_gender", "--epochs", "--json"], 2, "--epochs takes a value"),
        (["list", "name_gendre"], 2, "did you mean 'name_gender'"),
        (["predict", "name_gender", "王婷婷"], 1, "lianxi run name_gender"),
        (["evaluate", "name_gender"], 1, "lianxi run name_gender"),
        (["serve"], 1, "lianxi run name_gender"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_a_line_that_says_what_to_do(
    arguments: list[str], code: int, said: str, tmp_path: Path
) -> None:
    root = [] if arguments[0] == "rnu" else ["--root", str(tmp_path)]
    process = lianxi(*arguments, *root, cwd=tmp_path)
    assert process.returncode == code
    assert said in process.stderr
    assert "Traceback" not in process.stderr


def test_list_shows_what_can_be_set(tmp_path: Path) -> None:
    process = lianxi("list", "name_gender", "--root", str(tmp_path))
    words = " ".join(process.stdout.split())
    for each in load_task("name_gender").declared:
        assert f"--{each.name} {each.default!r} {each.doc} Takes {each.expected}." in words


def test_sample_writes_what_run_reads(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "names"
    process = lianxi("sample", "name_gender", str(folder), "--count", "50")
    assert process.returncode == 0, process.stderr
    assert "wrote 1 file, " in process.stdout
    assert f"lianxi run name_gender --data {folder}" in process.stdout
    assert len((folder / "names.csv").read_text(encoding="utf-8").splitlines()) == 1 + 50
    process = lianxi("sample", "name_gender", str(folder))
    assert process.returncode == 1
    assert f"{folder} is not empty" in process.stderr


@pytest.mark.e2e
def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("姓名,年龄\n王婷婷,3\n", encoding="utf-8")
    process = lianxi("run", "name_gender", "--data", str(tmp_path), "--root", f"{tmp_path}/root")
    assert process.returncode == 1
    assert "no column 性别" in process.stderr and "姓名,年龄" in process.stderr
    assert "Traceback" not in process.stderr
    [log] = re.findall(r"^The whole log is in (.*)$", process.stderr, re.M)
    text = Path(log).read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in text and "no column 性别" in text


@pytest.mark.e2e
@pytest.mark.smoke_of("name_gender")
def test_predict_answers_arguments_and_standard_input(run_of_one: SmokeRun) -> None:
    common = ["--env", "smoke", "--root", str(run_of_one.root), "--json"]
    process = lianxi("predict", "name_gender", "王婷婷", "-", *common, stdin="高帅富\n\n田野\n")
    assert process.returncode == 0, process.stderr
    answers = [json.loads(line) for line in process.stdout.splitlines()]
    assert len(answers) == 3
    assert all(answer["label"][0] in ("female", "male") for answer in answers)
    assert answers[0]["label"] == ["female"]


@pytest.mark.e2e
@pytest.mark.smoke_of("name_gender")
def test_evaluate_shows_slices_of_the_last_run(run_of_one: SmokeRun) -> None:
    common = ["--env", "smoke", "--root", str(run_of_one.root), "--json"]
    process = lianxi("evaluate", "name_gender", *common)
    slices = json.loads(process.stdout)["slices"]
    first = run_of_one.first["metrics"]["accuracy"]["value"]
    assert slices["overall"]["accuracy"] == pytest.approx(first)
    assert any(name.startswith("name_chars=") for name in slices)


@pytest.mark.e2e
@pytest.mark.smoke_of("name_gender")
def test_schema_shows_what_the_curated_one_adds(run_of_one: SmokeRun) -> None:
    common = ["--env", "smoke", "--root", str(run_of_one.root)]
    process = lianxi("schema", "name_gender", *common)
    assert process.returncode == 0, process.stderr
    assert "+++ inferred" in process.stdout
    assert "-    min: 1" in process.stdout
