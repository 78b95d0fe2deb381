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

from modules.common.asking.asking import Asker, Asking, asker_of
from modules.common.declaring.fields import Field
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import as_dict
from modules.common.runtime.errors import LianxiError, WrongUsage
from pipelines import last_run
from pipelines.answering import cut_to_assertion
from pipelines.commands.answer_json import answer_line
from pipelines.commands.predict import _inputs, _out, command
from pipelines.environment import Environment

_NAMES = load_task("name_gender")
_DETECT = Field(name="detect", dtype="bool", default=False, doc="find faces")
_MARGIN = Field(name="margin", dtype="float32", default=0.1, doc="how much")


def asker(**asking: Any) -> Asker:
    """One of a task that is asked about a text."""
    return Asker(_NAMES, Asking(**asking))


def as_asked(monkeypatch: pytest.MonkeyPatch, **asking: Any) -> None:
    """Has `lianxi predict name_gender` ask in another way."""
    monkeypatch.setattr("pipelines.commands.predict.asker_of", lambda task: asker(**asking))


def after_a_run_on(data_files: str, root: Path) -> list[str]:
    env = Environment(name="local", root=str(root))
    Path(env.pipeline_dir("name_gender")).mkdir(parents=True)
    run = last_run.LastRun(data_files=data_files, model="", evaluation="", settings={})
    last_run.save(env, "name_gender", run)
    left_out = asker(takes="a file", may_be_left_out=True)
    return list(_inputs(left_out, (), env))


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

    monkeypatch.setattr("pipelines.commands.predict.connect", client)
    for options in ([], ["--value-column", "b"]):
        CliRunner().invoke(command, ["railway_forecast", "--root", env.root, *options])
    assert asked == [900.0, 10.0]


def test_examples_that_were_drawn_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="name_gender takes a file; give one or more"):
        after_a_run_on("", tmp_path)


def test_no_answer_is_written_over_another(tmp_path: Path) -> None:
    writes, silent = asker(writes=".png"), asker()
    assert _out(writes, None, 0) == Path("name_gender.png")
    assert _out(writes, None, 2) == Path("name_gender_3.png")
    assert _out(writes, tmp_path / "a.png", 0) == tmp_path / "a.png"
    assert _out(writes, tmp_path / "a.png", 1) == tmp_path / "a_2.png"
    assert _out(silent, None, 0) is None
    assert _out(silent, tmp_path / "a.png", 0) == tmp_path / "a.png"


def test_bytes_are_json_as_tensorflow_serving_writes_them() -> None:
    answer = {"image": np.array([b"\x89P", b""], object), "n": np.array([[1.5]])}
    said = json.loads(answer_line(answer))
    assert said == {"image": [{"b64": "iVA="}, {"b64": ""}], "n": [[1.5]]}


def test_a_task_that_needs_no_input_is_asked_once(tmp_path: Path) -> None:
    env = Environment(name="local", root=str(tmp_path))
    assert list(_inputs(asker_of(load_task("pixelcnn")), (), env)) == [""]


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["--detect", "a.jpg", "--margin", "0.3"], {"detect": "true", "margin": "0.3"}),
        (["a.jpg", "--no-detect"], {"detect": "false"}),
        (["--detect=false", "a.jpg"], {"detect": "false"}),
        (["--detect=True", "a.jpg", "--margin=-1"], {"detect": "true", "margin": "-1"}),
        (["a.jpg", "--set", "detect=false"], {"detect": "false"}),
        (["a.jpg", "--detect", "--no-detect"], {"detect": "false"}),
        (["--margin", "-0.5", "a.jpg"], {"margin": "-0.5"}),
    ],
    ids=" ".join,
)
def test_a_switch_takes_no_value_and_may_be_given_one(
    words: list[str], given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    as_asked(monkeypatch, options=(_DETECT, _MARGIN))
    context = command.make_context("predict", ["name_gender", *words])
    assert dict(context.params["settings"]) == given
    assert context.params["inputs"] == ("a.jpg",)


def test_a_switch_is_on_or_off(monkeypatch: pytest.MonkeyPatch) -> None:
    as_asked(monkeypatch, options=(_DETECT,))
    with pytest.raises(click.UsageError, match="--detect takes true or false, found 'maybe'"):
        command.make_context("predict", ["name_gender", "--detect=maybe"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("deep_dream a.png --octaves 11", "octaves: expected 1 to 10, found 11"),
        ("deep_dream a.png --octave_scale=1", "octave_scale: expected more than 1, up to 3, fou"),
        ("deep_dream a.png --octave-scale nan", "more than 1, up to 3, found nan"),
        ("deep_dream a.png --set iterations=0", "iterations: expected 1 to 100, found 0"),
        ("pixelcnn --temperature -1", "temperature: expected 0 or more, found -1"),
        ("music_rbm --gibbs-steps 2.5", "gibbs_steps: expected a whole number, 1 to 1000, found"),
        ("railway_forecast --combine max", "combine: expected sum or mean, found max"),
        ("audio_style_transfer --style a.wav", "--content FILE and --style FILE; --content is mi"),
        ("deep_dream a.png --set octave=3", "no setting 'octave'; did you mean 'octaves'"),
    ],
)
def test_what_cannot_be_asked_is_said_with_its_bounds(
    line: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").touch()
    result = CliRunner().invoke(command, line.split())
    assert isinstance(result.exception, WrongUsage)
    assert said in str(result.exception)


def test_an_option_that_no_request_has_is_said_with_the_nearest() -> None:
    result = CliRunner().invoke(command, ["deep_dream", "--octave-scal", "2"])
    assert "no such option --octave-scal; did you mean '--octave-scale'?" in result.output
    assert result.exit_code == 2


def test_help_is_made_of_the_fields() -> None:
    said = " ".join(CliRunner().invoke(command, ["deep_dream", "--help"]).output.split())
    assert "--octave-scale NUMBER How much larger each is than the one before (more than 1" in said
    assert "up to 3). Default: 1.4." in said and "--octave_scale" not in said
    assert "--layer-weights" not in said
    railway = " ".join(CliRunner().invoke(command, ["railway_forecast", "--help"]).output.split())
    assert "--combine sum|mean How weeks and days become months" in railway
    faces = CliRunner().invoke(command, ["age_gender", "--help"]).output
    assert "--detect/--no-detect" in faces


def test_a_refusal_is_the_model_s_own_sentence() -> None:
    refusal = (
        "INVALID_ARGUMENT: assertion failed: [layers: there is no fire99; known are [conv1]] "
        "[[{{node map/while/Assert}}]] (server localhost:1); deep_dream expects: image string[?]"
    )
    assert cut_to_assertion(refusal) == "layers: there is no fire99; known are [conv1]"
    assert cut_to_assertion("UNAVAILABLE: no server") == "UNAVAILABLE: no server"


def test_show_is_given_what_was_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    @contextmanager
    def client(*ignored: Any) -> Iterator[Any]:
        yield SimpleNamespace(predict=lambda *ignored, **others: {}), None

    as_asked(
        monkeypatch,
        options=(_MARGIN, _DETECT),
        show=lambda request, answer, out, said: f"{request} {sorted(said.items())}",
    )
    monkeypatch.setattr("pipelines.commands.predict.connect", client)
    arguments = ["name_gender", "王", "--margin", "8", "--root", str(tmp_path)]
    result = CliRunner().invoke(command, arguments)
    assert (result.exit_code, result.output) == (0, "{'name': ['王']} [('margin', 8.0)]\n")
