"""How answers are shown, by what each field is to a person."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gallery.report.held_out.asking import Answered
from gallery.report.held_out.questions import Question
from gallery.report.held_out.section import Case
from gallery.report.held_out.showing import show_answer, show_given, show_truth
from gallery.report.media import Media
from gallery.report.pieces import Drawn, Listed, Picture, Row, Shares, Sound, Text
from modules.common.declaring.registry import load_task
from modules.common.midi.note_state import NOTES


def png(colour: str = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (100, 100), colour).save(file, "PNG")
    return file.getvalue()


def case(request: dict, answer: dict, truth: dict | None = None) -> Answered:
    return Answered(question=Question(request=request, truth=truth or {}), answer=answer)


def test_classes_come_with_probabilities_the_likeliest_first() -> None:
    task = load_task("age_gender")
    shares = np.array([0.1, 0.5, 0.02, 0.2, 0.08, 0.05, 0.03, 0.02])
    answer = {
        "age_group": "4-6",
        "age_probabilities": shares,
        "gender": "male",
        "gender_probability": 0.8,
    }
    truth = {"age_group": "4-6", "gender": "female"}
    asked = case({"image": png()}, answer, truth)
    ages, gender = show_answer(task, asked, Media())
    assert isinstance(ages.piece, Shares) and isinstance(gender.piece, Shares)
    assert ages.piece.rows[:2] == (("4-6 years", 0.5), ("15-20 years", 0.2))
    assert gender.piece.rows == (("male", 0.8),)
    assert [part.mark for part in show_truth(task, asked, Media())] == ["✓", "✕"]
    [given] = show_given(task, asked, Media())
    assert isinstance(given.piece, Picture) and given.piece.alt == "image, given"


def test_labels_that_another_request_asked_for_are_left_out() -> None:
    task = load_task("image_retrain")
    answer = {
        "labels": np.array([b"hat", b"shoe", b""], object),
        "probabilities": np.array([0.7, 0.3, 0.0]),
    }
    [part] = show_answer(task, case({"image": png()}, answer), Media())
    assert isinstance(part.piece, Shares)
    assert [name for name, _ in part.piece.rows] == ["hat", "shoe"]


def test_replies_are_a_list() -> None:
    answer = {"replies": np.array(["你好", "", "再见"]), "scores": np.array([-0.1, 0, -0.2])}
    asked = case({"text": "你好"}, answer, {"replies": "好"})
    [part] = show_answer(load_task("seq2seq_chatbot"), asked, Media())
    assert isinstance(part.piece, Listed) and part.piece.lines == ("你好", "再见")


def test_a_forecast_is_drawn_with_what_came() -> None:
    request = {"history": [1.0, 2.0, 3.0], "last_month": "2016-11"}
    answer = {name: np.arange(4.0, 16.0) for name in ("forecast", "lower", "upper")}
    asked = case(request, answer, {"forecast": [4.5, 5.5]})
    task = load_task("railway_forecast")
    [part] = show_answer(task, asked, Media())
    assert isinstance(part.piece, Drawn)
    assert "What came: 4.5, 5.5" in part.piece.svg and "2017-11" in part.piece.svg
    # The drawing holds the series, and the truth.
    assert show_given(task, asked, Media()) == show_truth(task, asked, Media()) == []


def test_music_is_a_roll_and_is_played() -> None:
    notes = np.zeros((8, NOTES), np.uint8)
    notes[2:4, 30] = 1
    asked = case({"primer": notes[:4]}, {"note_state": notes})
    roll, played = show_answer(load_task("music_rbm"), asked, Media())
    assert isinstance(roll.piece, Drawn) and "the first 1 beats were given" in roll.piece.svg
    assert isinstance(played.piece, Sound) and not played.piece.drawing
    assert show_given(load_task("music_rbm"), asked, Media()) == []


def test_several_pictures_are_side_by_side() -> None:
    answer = {"images": np.array([png(), png("blue"), b""], object)}
    [part] = show_answer(load_task("pixelcnn"), case({"seed": 1}, answer), Media())
    assert isinstance(part.piece, Row) and len(part.piece.pieces) == 2


def test_a_picture_that_is_the_truth_is_not_shown_twice() -> None:
    task = load_task("colorization")
    asked = case({"image": png()}, {"image": png("grey"), "colourfulness": 40.0}, {"image": png()})
    assert show_given(task, asked, Media()) == []
    picture, colours = show_answer(task, asked, Media())
    assert isinstance(picture.piece, Picture)
    assert isinstance(colours.piece, Text) and colours.piece.text == "40 (moderately colourful)"
    [truth] = show_truth(task, asked, Media())
    assert isinstance(truth.piece, Picture) and not truth.mark


def test_a_picture_given_and_one_answered_have_names_of_their_own() -> None:
    asked = case({"image": png()}, {"image": png(), "objective": np.array([1.0, 2.0])})
    task = load_task("deep_dream")
    parts = [*show_given(task, asked, Media()), *show_answer(task, asked, Media())]
    assert [part.name for part in parts] == ["image given", "image", "objective"]


@pytest.mark.parametrize(("value", "words"), [(1.0, "100%"), (0.5, "50%")])
def test_a_share_is_in_percent(value: float, words: str) -> None:
    answer = {"label": "male", "probability": 0.9, "known": value}
    parts = show_answer(load_task("name_gender"), case({"name": "王"}, answer), Media())
    assert isinstance(parts[1].piece, Text) and parts[1].piece.text == words


def test_many_numbers_are_one_line() -> None:
    task = load_task("voice_gender")
    request = {field.name: 0.5 for field in task.serving.inputs}
    answer = {"label": "male", "probability": 0.9}
    [part] = show_given(task, case(request, answer), Media())
    assert isinstance(part.piece, Text) and part.piece.text.startswith("meanfreq 0.5, sd 0.5")


def test_pictures_of_a_case_stand_side_by_side_before_the_words() -> None:
    task = load_task("colorization")
    asked = case({"image": png()}, {"image": png("grey"), "colourfulness": 40.0}, {"image": png()})
    answer, truth = show_answer(task, asked, Media()), show_truth(task, asked, Media())
    parts = Case(given=[], answer=answer, truth=truth, is_right=None).parts
    assert [part.name for part in parts] == ["image", "true image", "colourfulness"]
