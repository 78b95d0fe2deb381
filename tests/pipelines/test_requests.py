"""Which requests lie where a person points, and which version answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from modules.common.asking.batches import check_fits_records, list_sources
from modules.common.declaring.registry import load_task, task_names
from modules.common.runtime.errors import DataError, LianxiError, MissingDataError, WrongUsage
from pipelines import pinning
from pipelines.commands.infer import command
from pipelines.environment import Environment, environment
from pipelines.requests import choose_version, locate


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return environment("local", str(tmp_path / "root"))


def push(env: Environment, task: str, *versions: int) -> None:
    for version in versions:
        folder = Path(env.models_dir, task, str(version))
        (folder / "variables").mkdir(parents=True)
        (folder / "saved_model.pb").write_bytes(b"x")


@pytest.mark.parametrize(
    ("task", "file", "form"),
    [
        ("name_gender", "names.csv", "RowRequests"),
        ("name_gender", "names.TSV", "RowRequests"),
        ("name_gender", "names.txt", "LineRequests"),
        ("voice_gender", "voices.csv", "RowRequests"),
        ("voice_gender", "a/voice.wav", "FileRequests"),
        ("image_retrain", "a/b/photo.JPG", "FileRequests"),
        ("image_retrain", "list.csv", "RowRequests"),
        ("chinese_asr", "deep/er/still/a.flac", "FileRequests"),
        ("railway_forecast", "series.csv", "FileRequests"),
        ("seq2seq_chatbot", "talk.txt", "LineRequests"),
    ],
)
def test_files_and_folders_are_known_by_what_a_task_takes(
    tmp_path: Path, task: str, file: str, form: str
) -> None:
    path = tmp_path / "data" / file
    path.parent.mkdir(parents=True)
    path.write_text("x")
    for data in (path, tmp_path / "data"):
        location = locate(load_task(task), str(data), {})
        assert type(location.source).__name__ == form
    assert location.folder == str(tmp_path / "data")
    assert locate(load_task(task), str(path), {}).folder == str(path.parent)


def test_the_newest_span_is_answered_or_one_that_is_named(tmp_path: Path) -> None:
    task = load_task("name_gender")
    for span in ("2", "9", "10"):
        (tmp_path / "days" / span).mkdir(parents=True)
        (tmp_path / "days" / span / "names.csv").write_text("x")
    data = f"{tmp_path}/days/{{SPAN}}"
    newest = locate(task, data, {})
    assert newest.folder == f"{tmp_path}/days/10"
    assert newest.description == f"{tmp_path}/days/10 (span 10)"
    assert locate(task, data, {}, "9").folder == f"{tmp_path}/days/9"
    assert locate(task, f"{data}/names.csv", {}, "2").patterns == ("names.csv",)
    with pytest.raises(DataError, match="has no span 3; there are 2, 9, 10"):
        locate(task, data, {}, "3")
    with pytest.raises(WrongUsage, match="--span names a span of --data, .* found .*days"):
        locate(task, f"{tmp_path}/days/9", {}, "9")


def test_what_is_not_there_or_not_taken_is_said(tmp_path: Path) -> None:
    task = load_task("chinese_asr")
    with pytest.raises(MissingDataError, match=r"does not exist; expected a folder of files \(wav"):
        locate(task, str(tmp_path / "lost"), {})
    (tmp_path / "a.pdf").write_text("x")
    with pytest.raises(DataError, match="holds 1 .pdf; expected a folder of files"):
        locate(task, str(tmp_path), {})
    with pytest.raises(DataError, match=r"a\.pdf is not what chinese_asr is asked with"):
        locate(task, str(tmp_path / "a.pdf"), {})


@pytest.mark.parametrize("name", task_names())
def test_a_task_takes_batches_or_says_what_to_use(name: str) -> None:
    task = load_task(name)
    try:
        check_fits_records(task)
    except WrongUsage as error:
        assert f"`lianxi predict {name} " in str(error)
        return
    assert list_sources(task, {})


def test_the_newest_answers_or_the_pinned_or_the_named(env: Environment) -> None:
    task = load_task("name_gender")
    with pytest.raises(LianxiError, match="has no pushed model"):
        choose_version(task, env)
    push(env, task.name, 3, 5)
    assert choose_version(task, env) == 5
    assert choose_version(task, env, 3) == 3
    with pytest.raises(WrongUsage, match=r"no pushed version 4 in .*; there is 5, 3"):
        choose_version(task, env, 4)
    with pytest.raises(WrongUsage, match="label 'canary', found none; give it one: lianxi models"):
        choose_version(task, env, label="canary")
    pinning.label(env, task.name, "canary", 3)
    assert choose_version(task, env, label="canary") == 3
    assert choose_version(task, env) == 5
    pinning.roll_back(env, task.name, 3)
    assert choose_version(task, env) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["colorization"], "answers with a picture (image), which no row of a table holds"),
        (["music_rbm"], "ask it with `lianxi predict music_rbm --out FILE`"),
        (["name_gender", "--out", "x.json"], "ends in .jsonl, .csv, .tfrecord"),
        (["name_gender", "--out", "lost/x.csv"], "a folder that is there"),
        (["name_gender", "--out", "there.csv"], "is there; name another file, or add --overwrite"),
        (["name_gender"], "has no pushed model"),
        (["image_retrain", "--top-k", "0"], "top_k: expected"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.csv").write_text("x")
    task, *others = arguments
    out = [] if "--out" in others else ["--out", "x.csv"]
    result = CliRunner().invoke(
        command, [task, "--data", "there.csv", *out, *others, "--root", str(tmp_path / "root")]
    )
    assert isinstance(result.exception, LianxiError)
    assert said in str(result.exception)
    assert Path("there.csv").read_text() == "x"
