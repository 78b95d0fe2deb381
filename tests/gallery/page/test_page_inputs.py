"""Controls by the kind of their fields, and what a browser sends for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from made_up_task import INPUTS, png

from gallery.page.inputs import Control, are_numbers, make_control, read_said
from modules.common.declaring.fields import Field
from modules.common.runtime.errors import LianxiError

_BY_NAME = {field.name: field for field in INPUTS}


def control(name: str) -> Control:
    with gr.Blocks():
        made = make_control(_BY_NAME[name])
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("name", "component", "said"),
    [
        ("line", gr.Textbox, {"label": "Line", "max_length": 20}),
        ("photo", gr.Image, {"sources": ["upload", "clipboard", "webcam"]}),
        ("wav", gr.Audio, {"sources": ["upload", "microphone"]}),
        ("past", gr.Textbox, {"lines": 4}),
        ("last", gr.Textbox, {"placeholder": "2016-10"}),
        ("count", gr.Slider, {"minimum": 1, "maximum": 4, "step": 1, "value": 2}),
        ("weight", gr.Slider, {"minimum": 0.25, "maximum": 1, "step": 0.25, "value": 0.5}),
        ("many", gr.Number, {"minimum": 1, "maximum": None, "precision": 0, "value": 3}),
        ("size", gr.Radio, {"value": "small"}),
        ("loud", gr.Checkbox, {"value": False}),
        ("seed", gr.Number, {"precision": 0}),
        ("speed", gr.Slider, {"minimum": 20, "maximum": 400}),
        ("tune", gr.File, {"file_types": [".mid", ".midi"]}),
    ],
)
def test_each_kind_has_its_control(name: str, component: type, said: dict[str, Any]) -> None:
    part = control(name).part
    assert type(part) is component
    assert part.label
    assert {key: getattr(part, key) for key in said} == said


def test_meaning_and_bounds_are_said_once_by_the_declaration() -> None:
    assert control("count").part.info == "Stages (1 to 4)."


@pytest.mark.parametrize("kind", ["path", "piano_roll"])
def test_what_a_page_cannot_ask_has_no_control(kind: Any) -> None:
    shape = (None, 4) if kind == "piano_roll" else ()
    dtype: Any = "uint8" if shape else "string"
    with gr.Blocks():
        field = Field(name="x", dtype=dtype, shape=shape, kind=kind, default=[] if shape else "")
        assert make_control(field) is None
        assert make_control(_BY_NAME["layers"]) is None


@pytest.mark.parametrize(
    ("name", "sent", "value"),
    [
        ("line", "你好", "你好"),
        ("line", "", None),
        ("count", 3, 3),
        ("count", 3.0, 3),
        ("weight", 1, 1.0),
        ("loud", True, True),
        ("size", "large", "large"),
        ("photo", {"path": "/tmp/a.png", "orig_name": "a.png"}, "/tmp/a.png"),
        ("photo", None, None),
        ("tune", [{"path": "/tmp/a.mid"}], "/tmp/a.mid"),
        ("past", "1, 2\n3;4\t5", [1.0, 2.0, 3.0, 4.0, 5.0]),
    ],
)
def test_what_a_browser_sends(name: str, sent: Any, value: Any) -> None:
    assert control(name).read(sent) == value


@pytest.mark.parametrize(
    ("name", "sent", "words"),
    [
        ("count", 9, "count: expected 1 to 4, found 9"),
        ("count", 1.5, "count: expected a whole number"),
        ("count", "x", "count: expected"),
        ("weight", 0, "weight: expected more than 0"),
        ("size", "huge", "size: expected small or large, found huge"),
        ("past", "1, two", "past: expected numbers, found 'two'"),
        ("past", "1", "past: expected 2 numbers or more, found 1"),
        ("past", "1, -2", "past: expected more than 0, found -2"),
        ("past", "1, nan", "past: expected more than 0, found nan"),
    ],
)
def test_what_cannot_be_is_refused_in_words(name: str, sent: Any, words: str) -> None:
    with pytest.raises(LianxiError, match=words):
        control(name).read(sent)


def test_what_is_as_it_is_anyway_is_not_said() -> None:
    controls = [control(name) for name in ("count", "weight", "loud", "seed")]
    sent = {"count": 2, "weight": 0.75, "loud": False, "seed": None}
    assert read_said(controls, sent) == {"weight": 0.75}


def test_an_example_stands_in_its_control(tmp_path: Path) -> None:
    assert control("past").show([1.0, 2.5], tmp_path) == "1, 2.5"
    assert control("count").show(3, tmp_path) == 3
    path = control("photo").show(png(), tmp_path)
    assert Path(path).read_bytes() == png() and path.endswith(".png")


@pytest.mark.parametrize(
    ("text", "are"),
    [("1, 2 3", True), ("-1.5e3\n2", True), ("", False), ("2016-10,5", False), ("a,1", False)],
)
def test_numbers_are_told_from_a_table(text: str, are: bool) -> None:
    assert are_numbers(text) is are
