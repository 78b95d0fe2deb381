"""What is asked once a form is filled, and the examples that fill it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from made_up_task import EXAMPLE, INPUTS, make_asker

from gallery.page.forms import Form, make_form, word_example
from modules.common.asking.asking import Asking, Request, Said, asker_of
from modules.common.declaring.registry import load_task
from modules.common.runtime.errors import LianxiError


def form_of(asker: Any) -> Form:
    with gr.Blocks():
        return make_form(asker)


def filled(form: Form, **sent: Any) -> list[Any]:
    """What a browser sends: what stands in the form at first, and what was changed."""
    return [
        sent.get(control.field.name, getattr(control.part, "value", None))
        for control in form.controls
    ]


def test_what_is_needed_comes_first_and_the_rest_are_options() -> None:
    form = form_of(make_asker())
    assert [each.field.name for each in form.needed] == ["line", "photo", "wav", "past", "last"]
    assert [each.field.name for each in form.options] == [
        "count", "weight", "many", "size", "loud", "seed", "speed", "tune",
    ]  # fmt: skip
    assert form.staged is not None and form.staged.name == "count"


def test_a_question_is_all_that_was_given() -> None:
    form = form_of(make_asker())
    sent = filled(
        form, line="hi", photo={"path": "/tmp/p.png"}, wav={"path": "/tmp/w.wav"},
        past="1 2", last="2020-01", loud=True,
    )  # fmt: skip
    question = form.read(sent)
    assert question.text == ""
    assert question.said == {
        "line": "hi", "photo": "/tmp/p.png", "wav": "/tmp/w.wav", "past": [1.0, 2.0],
        "last": "2020-01", "loud": True,
    }  # fmt: skip
    assert question.paths == ("/tmp/p.png", "/tmp/w.wav")


def test_what_is_missing_is_said() -> None:
    form = form_of(make_asker())
    with pytest.raises(LianxiError, match="photo: give a picture first, or click an example"):
        form.read(filled(form, line="hi"))


def test_the_subject_is_the_text_of_the_question() -> None:
    asker = make_asker(inputs=INPUTS[:1], example={"line": ["a", "b"]})
    form = form_of(asker)
    assert form.read(["hi"]).text == "hi"
    assert [form.show(example) for example in asker.examples] == [["a"], ["b"]]


def test_an_example_fills_the_form_and_sets_the_rest_back() -> None:
    form = form_of(make_asker())
    [example] = form.asker.examples
    names = [each.field.name for each in form.controls]
    by_name = dict(zip(names, form.show(example), strict=True))
    assert by_name["line"] == "hello" and by_name["count"] == 3 and by_name["past"] == "1, 2, 3"
    assert Path(by_name["photo"]).read_bytes() == EXAMPLE["photo"][0]
    assert by_name["weight"] == 0.5 and by_name["tune"] is None


def series_form(seen: list[str]) -> Form:
    """Of a task whose own reader takes a file, in place of the fields that it serves."""

    def read(path: str, said: Said) -> Request:
        seen.append(Path(path).read_text())
        return {}

    asking = Asking(takes="paths of CSV files", takes_files=True, read=read, reads=(".csv",))
    example = {name: EXAMPLE[name] for name in ("past", "last")}
    return form_of(make_asker(asking, inputs=INPUTS[3:5], example=example))


def test_a_file_may_be_the_whole_question(tmp_path: Path) -> None:
    seen: list[str] = []
    form = series_form(seen)
    assert [each.field.name for each in form.needed] == ["file", "past", "last"]
    path = tmp_path / "a.csv"
    path.write_text("month,value")
    question = form.read([{"path": str(path)}, "", ""])
    question.asker.read(question.text, question.said)
    assert seen == ["month,value"] and question.paths == (str(path),)


def test_or_a_table_that_is_pasted() -> None:
    seen: list[str] = []
    form = series_form(seen)
    question = form.read([None, "month,value\n2020-01,5", ""])
    assert question.text.endswith(".csv")
    question.asker.read(question.text, question.said)
    assert seen == ["month,value\n2020-01,5"]


def test_or_numbers_with_their_last_month() -> None:
    form = series_form([])
    question = form.read([None, "5 6", "2020-01"])
    signature, request = question.asker.read(question.text, question.said)
    assert signature == "serving_default"
    assert request == {"past": [[5.0, 6.0]], "last": ["2020-01"]}
    with pytest.raises(LianxiError, match="last: give something first"):
        form.read([None, "5 6", ""])
    with pytest.raises(LianxiError, match="file: give something first"):
        form.read([None, "", ""])


@pytest.mark.parametrize(
    ("example", "words"),
    [
        ({"name": "王婷婷"}, "王婷婷"),
        ({"text": "你好", "beam_width": 5}, "你好"),
        ({"steps": 32, "seed": 7}, "steps 32, seed 7"),
        ({"image": b"x", "octaves": 2}, "Example 3"),
        ({"history": [1.0], "last": "2016-10"}, "Example 3"),
    ],
)
def test_an_example_is_named(example: dict[str, Any], words: str) -> None:
    assert word_example(example, 3) == words


def test_a_task_asked_in_another_way_declares_examples_of_its_own() -> None:
    asker = make_asker(Asking(signature="other", inputs=INPUTS[:1]))
    assert asker.examples == ()
    shown = dataclasses.replace(asker.asking, examples=({"line": "a"},))
    assert dataclasses.replace(asker, asking=shown).examples == ({"line": "a"},)


def test_every_task_has_an_example_for_its_form(task_name: str) -> None:
    asker = asker_of(load_task(task_name))
    assert asker.examples
    form = form_of(asker)
    for example in asker.examples:
        values = form.show(example)
        sent = [
            {"path": value} if control.is_file and value else value
            for control, value in zip(form.controls, values, strict=True)
        ]
        question = form.read(sent)
        signature, request = question.asker.read(question.text, question.said)
        assert request or not form.needed
        assert signature == asker.asking.signature
