"""`lianxi new`: a copy of any task is a task, and nothing is left of one that could not be made."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from modules.common.asking.field_tables import make_input_table, make_output_table
from modules.common.declaring.registry import load_task, task_names
from modules.common.runtime.errors import LianxiError, WrongUsage
from pipelines import new_task
from pipelines.commands.new import command
from pipelines.new_task import CHECKOUT, rewrite_names, write_task

PARTS = (
    "modules/{}/task.py",
    "modules/{}/sample/maker.py",
    "pipelines/{}.py",
    "schemas/{}/schema.pbtxt",
    "tests/modules/{0}/test_{0}.py",
    "docs/{}.md",
)
DECLARED = (
    "import json; from modules.common.declaring.registry import all_tasks; "
    "print(json.dumps({task.name: task.title for task in all_tasks()}))"
)


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


def state(root: Path) -> set[str]:
    return {
        str(path.relative_to(root)) for path in root.rglob("*") if "__pycache__" not in str(path)
    }


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout."""
    root = tmp_path_factory.mktemp("checkout") / "lianxi"
    skipped = shutil.ignore_patterns(".*", "__pycache__", "lianxi_runs", "*.png", "*.jpg")
    shutil.copytree(CHECKOUT, root, ignore=skipped)
    return root


@pytest.fixture(scope="module")
def titles(tree: Path) -> dict[str, str]:
    """Titles by name, in a checkout where every task was copied."""
    for name in task_names():
        write_task(f"my_{name}_two", load_task(name), tree)
    process = run(tree, "-c", DECLARED)
    assert process.returncode == 0, process.stderr
    found: dict[str, str] = json.loads(process.stdout)
    return found


@pytest.mark.parametrize("like", task_names())
def test_a_copy_of_any_task_is_a_task(like: str, tree: Path, titles: dict[str, str]) -> None:
    name = f"my_{like}_two"
    assert titles[name].startswith(load_task(like).title) and "copy" in titles[name]
    assert not [part for part in PARTS if not (tree / part.format(name)).is_file()]
    original, copy = (
        {rewrite_names(path, like, name) for path in state(tree / f"modules/{each}")}
        for each in (like, name)
    )
    assert copy == original


@pytest.mark.parametrize("like", task_names())
def test_a_copy_says_nothing_of_the_task_that_it_was(
    like: str, tree: Path, titles: dict[str, str]
) -> None:
    name = f"my_{like}_two"
    old_class = "".join(map(str.capitalize, like.split("_")))
    old = re.compile(rf"(?<![a-z]_){like}(?!_two)|(?<!My){old_class}(?=[A-Z])")
    for place in (f"modules/{name}", f"schemas/{name}", f"pipelines/{name}.py"):
        path = tree / place
        for file in [path] if path.is_file() else path.rglob("*.p*"):
            if file.is_file() and file.suffix != ".pyc":
                text = file.read_text().replace(f"(copy of {like})", "")
                assert not old.search(text), f"{file}: {old.search(text)}"


def test_the_page_of_a_copy_has_the_tables_of_its_fields(
    tree: Path, titles: dict[str, str]
) -> None:
    page = (tree / "docs/my_deep_dream_two.md").read_text(encoding="utf-8")
    serving = load_task("deep_dream").serving
    assert make_input_table(serving) in page and make_output_table(serving) in page
    assert "$" not in page and "[deep_dream](deep_dream.md)" in page


def test_a_copy_is_formatted(tree: Path, titles: dict[str, str]) -> None:
    ruff = str(Path(sys.executable).parent / "ruff")
    checks = (("format", "--check"), ("check", "--ignore", "E501"))
    for check in checks:
        process = subprocess.run([ruff, *check, str(tree)], capture_output=True, text=True)
        assert process.returncode == 0, process.stdout


def conform(tree: Path, marks: str, *names: str) -> str:
    """Runs the conformance tests of some tasks, and gives what pytest says."""
    tests = ("tests/conformance", *(f"tests/modules/{name}" for name in names))
    options = ("-n", "0", "-p", "no:cacheprovider", "-m", marks, "-k", " or ".join(names))
    process = run(tree, "-m", "pytest", *tests, *options)
    assert process.returncode == 0, process.stdout[-4000:]
    return process.stdout


def test_copies_pass_the_conformance_tests(tree: Path, titles: dict[str, str]) -> None:
    said = conform(tree, "not e2e", "my_name_gender_two", "my_captcha_ocr_two")
    assert re.search(r"\d\d passed", said) and "skipped" not in said


@pytest.mark.e2e
def test_a_copy_runs_and_is_served_as_any_task(tree: Path, titles: dict[str, str]) -> None:
    assert re.search(r"\d\d passed", conform(tree, "e2e", "my_name_gender_two"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("from modules.name_gender.task import TASK", "from modules.plate_ocr.task import TASK"),
        ("class NameGenderServable(Servable):", "class PlateOcrServable(Servable):"),
        ("test_name_gender_faces", "test_plate_ocr_faces"),
        ('Path("name_gender.png")', 'Path("plate_ocr.png")'),
        ("surname_gender and NameGenders", "surname_gender and NameGenders"),
        ("see https://example.org/name_gender/", "see https://example.org/name_gender/"),
    ],
)
def test_a_name_is_rewritten_where_it_is_the_tasks(text: str, wanted: str) -> None:
    assert rewrite_names(text, "name_gender", "plate_ocr") == wanted


def test_a_word_of_a_title_is_no_name_of_a_class() -> None:
    text = '"Automatic Colorization" (2016), class ColorizationServable'
    wanted = '"Automatic Colorization" (2016), class LeafServable'
    assert rewrite_names(text, "colorization", "leaf") == wanted


@pytest.mark.parametrize(
    "name", ["Review", "2fast", "a-b", "a__b", "_a", "a_", "../a", "", "class"]
)
def test_a_name_that_cannot_be_one_is_refused_with_the_rule(name: str, tree: Path) -> None:
    with pytest.raises(WrongUsage, match="words of lower-case letters.*such as review_sentiment"):
        write_task(name, load_task("name_gender"), tree)


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("captcha_ocr", "docs/captcha_ocr.md"),
        ("common", "modules/common"),
        ("builder", "pipelines/builder.py"),
        ("pictures", "docs/pictures.md"),
    ],
)
def test_what_is_there_is_not_written_over(name: str, there: str, tree: Path) -> None:
    before = state(tree)
    with pytest.raises(WrongUsage, match=f"{there} is there already"):
        write_task(name, load_task("name_gender"), tree)
    assert state(tree) == before


@pytest.mark.parametrize("fails", ["_check_loads", "_lint", "_fill_in", "_format"])
def test_nothing_is_left_of_a_task_that_could_not_be_made(
    fails: str, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    before = state(tree)
    monkeypatch.setattr(new_task, fails, fail)
    with pytest.raises(KeyboardInterrupt):
        write_task("half_done", load_task("name_gender"), tree)
    assert state(tree) == before


def test_a_copy_that_is_no_task_is_removed_and_said(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_task, "_LOAD", "raise ValueError('no such luck')")
    before = state(tree)
    with pytest.raises(LianxiError, match="removed: ValueError: no such luck"):
        write_task("half_done", load_task("name_gender"), tree)
    assert state(tree) == before


def test_a_folder_that_is_no_checkout_is_said(tmp_path: Path) -> None:
    with pytest.raises(LianxiError, match="written to a checkout.*has no pyproject.toml; clone"):
        write_task("new_one", load_task("name_gender"), tmp_path)
    assert not state(tmp_path)


def test_the_command_says_what_it_wrote_and_what_is_next(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_task, "CHECKOUT", tree)
    result = CliRunner().invoke(command, ["leaf_disease", "--like", "image_retrain"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("leaf_disease is a copy of image_retrain as yet.")
    for said in ("modules/leaf_disease ", "docs/leaf_disease.md ", "lianxi list leaf_disease"):
        assert f"  {said}" in result.output
    assert "  lianxi run leaf_disease --env smoke\n" in result.output
    assert "-m pytest tests/conformance -k leaf_disease\n" in result.output
    assert "ruff" not in result.output.lower()


def test_a_task_that_there_is_not_cannot_be_copied() -> None:
    result = CliRunner().invoke(command, ["new_one", "--like", "name_gendre"])
    assert result.exit_code == 2
    assert "did you mean 'name_gender'?" in result.output
