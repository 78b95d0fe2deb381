"""How each kind of output is shown."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from made_up_task import OUTPUTS, make_answer, make_asker, png

from gallery.page.forms import Question
from gallery.page.outputs import make_views
from gallery.page.replies import Reply, list_facts
from modules.common.asking.asking import Asker, Asking
from modules.common.midi.note_state import from_midi
from modules.common.sound.sound_files import read_sound


@pytest.fixture
def reply(tmp_path: Path) -> Reply:
    """A reply of every kind."""
    return reply_of(make_asker(), tmp_path)


def reply_of(asker: Asker, folder: Path, **changed: np.ndarray) -> Reply:
    request = {"photo": [png()], "past": [[1.0, 2.0, 3.0]], "last": ["2020-01"]}
    question = Question(asker, "", {"speed": 60.0})
    return Reply(question, request, {**make_answer(), **changed}, folder)


def shown(reply: Reply, *names: str) -> list[Any]:
    """What the parts show for some outputs."""
    kept = tuple(field for field in OUTPUTS if field.name in names or field.of in names)
    asker = dataclasses.replace(
        reply.asker, asking=dataclasses.replace(reply.asker.asking, outputs=kept)
    )
    question = dataclasses.replace(reply.question, asker=asker)
    with gr.Blocks():
        views = make_views(asker)
    reply = dataclasses.replace(reply, question=question)
    return [value for view in views for value in view.fill(reply)]


def test_of_two_classes_both_are_shown(reply: Reply) -> None:
    bars, facts = shown(reply, "label")
    assert bars["value"] == {"dog": 0.75, "cat": 0.25} and facts == ""


def test_the_likeliest_classes_are_shown_without_what_is_empty(reply: Reply) -> None:
    bars, _ = shown(reply, "labels")
    assert list(bars["value"]) == ["x", "y"]
    assert bars["value"]["x"] == pytest.approx(0.7)


def test_a_text_is_escaped_and_each_character_has_its_share(reply: Reply) -> None:
    [html] = shown(reply, "text")
    assert "a&lt;b" in html and "<b>&lt;</b>" in html and "50.0%" in html
    assert re.findall(r"<small>(\d+%)", html) == ["90%", "40%", "80%"]


def test_texts_are_a_table_with_their_scores(reply: Reply) -> None:
    [html] = shown(reply, "texts")
    assert "one" in html and "-1.500" in html and html.count("<tr>") == 3


def test_a_picture_without_one_before_is_shown_alone(reply: Reply) -> None:
    path, _ = shown(reply, "image")
    assert Path(path).read_bytes() == reply.answer["image"][0]


def test_a_picture_of_a_picture_is_laid_over_it(tmp_path: Path) -> None:
    photo = make_asker().inputs[1]
    asker = make_asker(inputs=(photo,), example={"photo": [png()]})
    html, _ = shown(reply_of(asker, tmp_path), "image")
    sources = re.findall(r'src="gradio_api/file=([^"]+)"', html)
    contents = [Path(path).read_bytes() for path in sources]
    assert contents == [png(), make_answer()["image"][0]]
    assert 'type="range"' in html and "aria-label" in html


def test_pictures_are_a_grid_without_what_is_empty(reply: Reply) -> None:
    html, _ = shown(reply, "images")
    assert html.count("<img") == 2 and 'alt="Images, 2 of 2"' in html


def test_a_sound_is_a_file_to_play(reply: Reply) -> None:
    path, _ = shown(reply, "sound")
    assert Path(path).read_bytes() == reply.answer["sound"][0]


def test_notes_are_drawn_played_and_written_at_the_tempo_that_was_said(reply: Reply) -> None:
    roll, played, midi, _ = shown(reply, "notes")
    assert "<svg" in roll and "1 notes, 4.0 s at 60 beats a minute" in roll
    samples, rate_hz = read_sound(Path(played["value"]).read_bytes())
    assert len(samples) / rate_hz == pytest.approx(4.5, abs=0.01)
    np.testing.assert_array_equal(from_midi(midi), reply.answer["notes"][0][:4])


def test_a_forecast_is_a_chart_and_a_table_of_months(reply: Reply) -> None:
    html, _ = shown(reply, "ahead")
    assert "<svg" in html and "2020-02" in html and "2020-03" in html
    assert re.findall(r"<td>([\d.]+)", html) == ["4", "3", "5", "5", "3.5", "7.5"]


def test_numbers_dates_and_switches_are_in_words(reply: Reply) -> None:
    facts = dict(list_facts(reply, 0))
    assert facts["duration"] == "1.25 s"
    assert facts["colour"] == "20 <em>(slight)</em>"
    assert facts["known"] == "50%" and facts["is right"] == "no"
    assert "<svg" in facts["curve"] and "1949-12-31" in facts["born"]


def test_several_examples_are_a_table(tmp_path: Path) -> None:
    labels = np.array(["dog", "cat"], object)
    two = reply_of(make_asker(), tmp_path, label=labels, chance=np.array([0.75, 0.6]))
    two = dataclasses.replace(two, answer={name: two.answer[name] for name in ("label", "chance")})
    bars, html = shown(two, "label")
    assert bars["visible"] is False
    assert html.count("<tr>") == 3 and "dog" in html and "60.0%" in html


def test_a_drawing_is_shown_where_there_is_one(tmp_path: Path) -> None:
    for drawn in (png(), None):
        asker = make_asker(Asking(draw=lambda request, answer, drawn=drawn: drawn))
        picture, *_ = shown(reply_of(asker, tmp_path), "born")
        assert picture["visible"] is (drawn is not None)
        assert drawn is None or Path(picture["value"]).read_bytes() == drawn
