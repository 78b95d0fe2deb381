"""How a person asks a task that declares its fields and nothing more."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import soundfile
from PIL import Image

from modules.common.asking.asking import Asker, Asking, asker_of
from modules.common.declaring.fields import Field, InputKind, OutputKind, Serving
from modules.common.declaring.registry import all_tasks, load_task
from modules.common.declaring.task import Task
from modules.common.runtime.errors import DataError, SettingError

_OUTPUTS = (Field(name="said", dtype="string"),)
_NUMBER = Field(name="times", dtype="int64", at_least=1, at_most=9, default=2, doc="how often")


class _Served:
    """In place of a task: what is asked of it."""

    name = "some_task"

    def __init__(self, *inputs: Field) -> None:
        example = {field.name: ["x"] for field in inputs if field.default is None}
        self.serving = Serving(inputs=inputs, outputs=_OUTPUTS, example=example)


def asker(*inputs: Field, **asking: Any) -> Asker:
    return Asker(_Served(*inputs), Asking(**asking))  # type: ignore[arg-type]


def test_the_one_input_without_a_default_is_the_subject(tmp_path: Path) -> None:
    text = Field(name="text", dtype="string", doc="what is said")
    asked = asker(text, _NUMBER)
    assert (asked.subject, list(asked.options)) == (text, ["times"])
    assert (asked.takes, asked.takes_files, asked.needs_input) == ("what is said", False, True)
    assert asked.read("你好", {"times": 3}) == (
        "serving_default",
        {"text": ["你好"], "times": [3]},
    )
    assert asked.read("你好", {})[1] == {"text": ["你好"]}

    picture = asker(Field(name="image", dtype="string", kind="picture"))
    assert (picture.takes, picture.takes_files) == ("paths of pictures", True)
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    contents = (tmp_path / "a.png").read_bytes()
    assert picture.read(str(tmp_path / "a.png"), {})[1] == {"image": [contents]}
    with pytest.raises(DataError, match="some_task takes the path of a picture .* found no file"):
        picture.read("nowhere.png", {})

    sound = asker(Field(name="wav", dtype="string", kind="sound"))
    soundfile.write(tmp_path / "a.flac", np.zeros(800), 8000)
    assert sound.read(str(tmp_path / "a.flac"), {})[1]["wav"][0][:4] == b"RIFF"


def test_without_a_subject_all_is_said_by_name(tmp_path: Path) -> None:
    half = Field(name="half", dtype="string", kind="picture", default="")
    asked = asker(_NUMBER, half)
    assert not asked.needs_input and list(asked.options) == ["times", "half"]
    assert asked.read("", {}) == ("serving_default", {})
    Image.new("L", (9, 9)).save(tmp_path / "a.png")
    assert list(asked.read("", {"half": str(tmp_path / "a.png")})[1]) == ["half"]
    assert asked.read("", {"half": ""})[1] == {}
    with pytest.raises(SettingError, match="takes no input, .* options, found 'a.png'"):
        asked.read("a.png", {})
    two = asker(*(Field(name=name, dtype="string", kind="sound") for name in ("a", "b")))
    with pytest.raises(SettingError, match="takes --a FILE and --b FILE; --b is missing"):
        two.check_needed({"a": "x.wav"})


def test_what_is_said_is_read_by_its_field() -> None:
    asked = asker(_NUMBER)
    assert asked.parse({"times": "3"}) == {"times": 3}
    with pytest.raises(SettingError, match="times: expected 1 to 9, found 10"):
        asked.parse({"times": "10"})
    with pytest.raises(SettingError, match="some_task has no setting 'time'; did you mean 'times'"):
        asked.parse({"time": "3"})
    with pytest.raises(SettingError, match="has no setting 'x'; it takes none"):
        asker(Field(name="text", dtype="string")).parse({"x": "3"})


def test_an_own_option_stands_in_for_an_input() -> None:
    path = Field(name="roll", dtype="string", kind="midi", default="")
    roll = Field(name="roll", dtype="uint8", shape=(None, 2), kind="piano_roll", default=[])
    hidden = Field(name="hidden", dtype="int64", default=0)
    asked = asker(roll, hidden, _NUMBER, options=(path,), unsaid=("hidden",))
    assert asked.options == {"times": _NUMBER, "roll": path}


def test_an_own_reader_of_files_says_nothing_by_name_but_its_options() -> None:
    asked = asker(
        Field(name="image", dtype="string", kind="picture"),
        _NUMBER,
        options=(Field(name="detect", dtype="bool", default=False),),
        takes="photos",
        takes_files=True,
        read=lambda text, said: {"image": [f"{text} {said}"]},
    )
    assert list(asked.options) == ["detect"] and asked.needs_input and asked.takes == "photos"
    assert asked.read("a.png", {"detect": True})[1] == {"image": ["a.png {'detect': True}"]}


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_every_task_can_be_asked(task: Task) -> None:
    asked = asker_of(task)
    assert asked.takes and asked.task is task
    given = {field.name for field in asked.inputs}
    reachable = set(asked.options) | ({asked.subject.name} if asked.subject else set())
    assert given <= reachable or asked.asking.takes_files
    assert all(field.doc for field in asked.options.values())
    for name, field in asked.options.items():
        if field.default_text:
            assert asked.parse({name: field.default_text}) == {name: field.default}


def test_most_tasks_need_nothing_of_their_own() -> None:
    own = [task.name for task in all_tasks() if asker_of(task).asking != Asking()]
    assert len(own) <= 7
    assert asker_of(load_task("music_rbm")).suffix == ".mid"
    assert asker_of(load_task("age_gender")).may_write
    assert not asker_of(load_task("name_gender")).may_write


def test_a_kind_is_for_one_side_or_both() -> None:
    both = set(get_args(InputKind)) & set(get_args(OutputKind))
    assert both == {"text", "number", "numbers", "switch", "picture", "sound", "piano_roll"}
