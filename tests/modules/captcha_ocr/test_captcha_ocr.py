"""captcha_ocr: labels, drawing, heads, and what a person is shown."""

from __future__ import annotations

import io
import random

import keras
import numpy as np
import pytest
import tensorflow as tf
from asked import show
from PIL import Image

from modules.captcha_ocr import example
from modules.captcha_ocr.charsets import CHARSETS, MAX_CHARS, symbols
from modules.captcha_ocr.labels import label_from_name
from modules.captcha_ocr.model import build_model, look_around, read
from modules.captcha_ocr.sample.drawing import draw, draw_picture
from modules.captcha_ocr.task import HEIGHT_PX, TASK, WIDTH_PX
from modules.common.declaring.settings import change
from modules.common.runtime.errors import TaskError
from modules.common.text.characters import to_ids

_SETTINGS = TASK.resolve({"charset": "digits", "filters": 4, "max_chars": 6, "min_chars": 1})


def test_charsets_are_what_they_are_called() -> None:
    assert [len(CHARSETS[name]) for name in ("digits", "alnum36", "alnum62")] == [10, 36, 62]
    assert len(symbols("alnum36")) == 37
    assert "".join(symbols("digits")) == CHARSETS["digits"] == "0123456789"
    with pytest.raises(TaskError, match="takes one of digits, alnum36, alnum62, found 'digit'"):
        TASK.resolve({"charset": "digit"})


@pytest.mark.parametrize(
    ("path", "charset", "text"),
    [
        ("2BVC_1539936857.png", "alnum36", "2BVC"),
        ("train/aB3.JPG", "alnum62", "aB3"),
        ("ab3.png", "alnum36", "AB3"),
        ("7.png", "digits", "7"),
        ("123456.png", "digits", "123456"),
        ("12__.png", "digits", "12"),
    ],
)
def test_a_file_is_named_after_its_text(path: str, charset: str, text: str) -> None:
    assert label_from_name(path, TASK.resolve({"charset": charset})) == {
        "text": text,
        "length": len(text),
    }


@pytest.mark.parametrize("name", ["12A4.png", "_1.png", "1234567.png", "1-2.png", "图.png"])
def test_another_name_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(ValueError, match="TEXT.png or TEXT_anything.png.*digits, found"):
        label_from_name(name, TASK.resolve({"charset": "digits"}))


def test_drawing_is_a_function_of_seed_and_index() -> None:
    first = [draw(index, _SETTINGS) for index in range(20)]
    random.seed(5)
    assert [draw(index, _SETTINGS) for index in reversed(range(20))] == first[::-1]
    assert draw(0, change(_SETTINGS, seed=1))["image"] != first[0]["image"]
    assert len({features["image"] for features in first}) == 20


def test_drawing_keeps_to_size_lengths_and_charset() -> None:
    drawn = [draw(index, change(_SETTINGS, charset="alnum36")) for index in range(120)]
    assert {features["length"] for features in drawn} == set(range(1, 7))
    for features in drawn:
        picture = Image.open(io.BytesIO(features["image"]))
        assert picture.size == (WIDTH_PX, HEIGHT_PX) and picture.mode == "L"
        assert len(features["text"]) == features["length"]
        assert set(features["text"]) <= set(CHARSETS["alnum36"])
    assert len(set("".join(str(features["text"]) for features in drawn))) == 36


def test_the_grey_is_that_of_the_coloured_picture() -> None:
    text, picture = draw_picture(3, _SETTINGS)
    features = draw(3, _SETTINGS)
    assert text == features["text"] and picture.mode == "RGB"
    grey = np.asarray(Image.open(io.BytesIO(features["image"])))
    np.testing.assert_array_equal(grey, np.asarray(picture.convert("L")))


@pytest.mark.parametrize(
    ("shortest", "longest", "message"),
    [
        (0, 4, "min_chars takes a whole number, 1 to 6, found 0"),
        (1, 7, "max_chars takes a whole number, 1 to 6, found 7"),
        (5, 4, "min_chars takes no more than max_chars, 4, found 5"),
    ],
)
def test_impossible_lengths_are_refused(shortest: int, longest: int, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        TASK.resolve({"min_chars": shortest, "max_chars": longest})


@pytest.mark.parametrize(("context", "reaches"), [("recurrent", True), ("conv", False)])
def test_the_last_column_knows_of_the_first(context: str, reaches: bool) -> None:
    keras.utils.set_random_seed(2)
    columns = keras.Input((20, 48))
    model = keras.Model(columns, look_around(columns, change(_SETTINGS, context=context)))
    values = np.random.default_rng(2).normal(size=(3, 20, 48)).astype(np.float32)
    others = np.concatenate([5 - values[:, :1], values[:, 1:]], axis=1)
    differs = np.abs(model(values) - model(others)).max((0, 2)) > 0
    assert differs[:2].all() and (differs[-1] == reaches) and differs[2:].all() == reaches


@pytest.mark.parametrize("head", ["position", "ctc"])
def test_a_head_overfits_texts_of_every_length(head: str) -> None:
    keras.utils.set_random_seed(1)
    drawn = [draw(index, change(_SETTINGS, seed=3)) for index in range(24)]
    pixels = np.stack([np.asarray(Image.open(io.BytesIO(one["image"]))) for one in drawn])
    texts = tf.constant([str(one["text"]) for one in drawn])
    ids = to_ids(texts, symbols(_SETTINGS.charset), MAX_CHARS)
    settings = change(_SETTINGS, head=head, dropout=0.0, filters=8, learning_rate=1e-2)
    model = build_model(settings, None)
    history = model.fit(
        {"image": pixels[..., None]}, ids, batch_size=24, epochs=60, verbose=0
    ).history
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    assert history["text_accuracy"][-1] > 0.5
    logits = model({"image": pixels[..., None]}, training=True)
    answers, confidences = read(logits, head)
    assert answers.shape == confidences.shape == (24, MAX_CHARS)
    assert float(tf.reduce_min(confidences)) > 0 and float(tf.reduce_max(confidences)) <= 1


def test_an_unknown_head_is_refused() -> None:
    with pytest.raises(TaskError, match="head takes one of ctc, position, found 'ctcc'"):
        TASK.resolve({"head": "ctcc"})


def test_the_example_is_a_captcha() -> None:
    assert Image.open(io.BytesIO(example.PNG)).size == (WIDTH_PX, HEIGHT_PX)


def test_show_names_the_text_and_what_is_in_doubt() -> None:
    answer = {
        "text": np.array(["O12"]),
        "confidence": np.array([0.55]),
        "character_confidences": np.array([[0.56, 0.99, 0.99, 1.0, 0.2, 1.0]]),
    }
    assert show(TASK, {}, answer, None) == "O12\t55.0%; in doubt: O 56%"
