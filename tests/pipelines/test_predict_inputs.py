"""What `lianxi predict` asks about where a person names nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner

from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import as_dict
from modules.common.runtime.errors import LianxiError
from pipelines import last_run
from pipelines.commands.answer_json import answer_line
from pipelines.commands.predict import (
    _inputs,
    _known_settings,
    _out,
    _said_by_the_graph,
    command,
)
from pipelines.environment import Environment

_HUMAN = SimpleNamespace(DEFAULTS_TO_DATA=True, TAKES="a file")


def after_a_run_on(data_files: str, root: Path) -> list[str]:
    env = Environment(name="local", root=str(root))
    Path(env.pipeline_dir("name_gender")).mkdir(parents=True)
    run = last_run.LastRun(data_files=data_files, model="", evaluation="", settings={})
    last_run.save(env, "name_gender", run)
    return list(_inputs(load_task("name_gender"), _HUMAN, (), env))


def test_the_files_of_the_last_run(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt", "notes"):
        (tmp_path / name).write_text("")
    globs = f"{tmp_path}/*.csv\n{tmp_path}/[a-c].*"
    wanted = [f"{tmp_path}/{name}" for name in ("a.csv", "b.csv", "c.txt")]
    assert after_a_run_on(globs, tmp_path / "root") == wanted


def test_a_file_that_was_trained_on_is_read_as_it_was_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{2005 + n // 12}-{n % 12 + 1},{10 + n},{900 + n}\n" for n in range(36)]
    (tmp_path / "a.csv").write_text("date,b,c\n" + "".join(rows))
    env = Environment(name="local", root=str(tmp_path / "root"))
    Path(env.pipeline_dir("railway_forecast")).mkdir(parents=True)
    settings = load_task("railway_forecast").resolve({"value_column": "c"})
    run = last_run.LastRun(
        data_files=f"{tmp_path}/*.csv", model="", evaluation="", settings=as_dict(settings)
    )
    last_run.save(env, "railway_forecast", run)
    asked: list[float] = []

    @contextmanager
    def client(*args: Any) -> Iterator[Any]:
        def predict(task: str, request: dict[str, Any], **others: Any) -> Any:
            asked.append(request["history"][0][0])
            raise LianxiError("enough")

        yield SimpleNamespace(predict=predict), None

    monkeypatch.setattr("pipelines.commands.predict._client", client)
    for options in ([], ["--value-column", "b"]):
        CliRunner().invoke(command, ["railway_forecast", "--root", env.root, *options])
    assert asked == [900.0, 10.0]


def test_examples_that_were_drawn_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="name_gender takes a file; give one or more"):
        after_a_run_on("", tmp_path)


def test_no_answer_is_written_over_another(tmp_path: Path) -> None:
    task = load_task("name_gender")
    writes, silent = SimpleNamespace(WRITES=".png"), SimpleNamespace()
    assert _out(task, writes, None, 0) == Path("name_gender.png")
    assert _out(task, writes, None, 2) == Path("name_gender_3.png")
    assert _out(task, writes, tmp_path / "a.png", 0) == tmp_path / "a.png"
    assert _out(task, writes, tmp_path / "a.png", 1) == tmp_path / "a_2.png"
    assert _out(task, silent, None, 0) is None
    assert _out(task, silent, tmp_path / "a.png", 0) == tmp_path / "a.png"


def test_a_setting_that_no_request_has_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    task = load_task("name_gender")
    with pytest.raises(LianxiError, match="name_gender has no setting 'octaves'; it takes none"):
        _known_settings(task, {"octaves": "3"})
    human = SimpleNamespace(OPTIONS={"octaves": "How many sizes."})
    monkeypatch.setattr("pipelines.commands.predict._human", lambda task: human)
    assert _known_settings(task, {"octaves": "3"}) == {"octaves": "3"}
    with pytest.raises(LianxiError, match="no setting 'octave'; did you mean 'octaves'"):
        _known_settings(task, {"octave": "3"})


def test_bytes_are_json_as_tensorflow_serving_writes_them() -> None:
    answer = {"image": np.array([b"\x89P", b""], object), "n": np.array([[1.5]])}
    said = json.loads(answer_line(answer))
    assert said == {"image": [{"b64": "iVA="}, {"b64": ""}], "n": [[1.5]]}


def test_a_task_that_needs_no_input_is_asked_once(tmp_path: Path) -> None:
    human = SimpleNamespace(NEEDS_INPUT=False, TAKES="")
    env = Environment(name="local", root=str(tmp_path))
    assert list(_inputs(load_task("name_gender"), human, (), env)) == [""]


def test_a_flag_takes_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    human = SimpleNamespace(
        OPTIONS={"detect": "Find faces.", "margin": "How much."}, FLAGS=["detect"]
    )
    monkeypatch.setattr("pipelines.commands.predict._human", lambda task: human)
    words = ["name_gender", "--detect", "photo.jpg", "--margin", "0.3"]
    context = command.make_context("predict", words)
    assert context.params["settings"] == (("detect", "true"), ("margin", "0.3"))
    assert context.params["inputs"] == ("photo.jpg",)


def test_a_refusal_is_the_model_s_own_sentence() -> None:
    refusal = (
        "INVALID_ARGUMENT: assertion failed: [layers: there is no fire99; known are [conv1]] "
        "[[{{node map/while/Assert}}]] (server localhost:1); deep_dream expects: image string[?]"
    )
    assert _said_by_the_graph(refusal) == "layers: there is no fire99; known are [conv1]"
    assert _said_by_the_graph("UNAVAILABLE: no server") == "UNAVAILABLE: no server"


def test_show_is_given_what_it_asks_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[dict[str, str]] = []

    def read_request(text: str, **settings: str) -> tuple[str, dict[str, list]]:
        asked.append(settings)
        return "serving_default", {}

    human = SimpleNamespace(
        NEEDS_INPUT=False,
        TAKES="nothing",
        OPTIONS={"steps": "How long.", "wav": "Path of a sound.", "bpm": "How fast."},
        SHOW_OPTIONS=("bpm", "wav"),
        read_request=read_request,
        show=lambda request, answer, out, **told: f"{sorted(told.items())}",
    )

    @contextmanager
    def client(*ignored: Any) -> Iterator[Any]:
        yield SimpleNamespace(predict=lambda *ignored, **others: {}), None

    monkeypatch.setattr("pipelines.commands.predict._human", lambda task: human)
    monkeypatch.setattr("pipelines.commands.predict._client", client)
    arguments = ["name_gender", "--steps", "8", "--wav", "a.wav", "--root", str(tmp_path)]
    result = CliRunner().invoke(command, arguments)
    assert (result.exit_code, result.output) == (0, "[('wav', 'a.wav')]\n")
    assert asked == [{"steps": "8", "wav": "a.wav"}]
