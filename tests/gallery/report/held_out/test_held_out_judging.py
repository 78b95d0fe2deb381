"""Which answers are right, what is taken for what, how sure is how right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gallery.report.held_out.asking import Answered
from gallery.report.held_out.judging import (
    count_confusions,
    is_right,
    measure_calibration,
    sureness,
)
from gallery.report.held_out.questions import Question
from modules.common.declaring.registry import load_task

NAMES = load_task("name_gender")
FACES = load_task("age_gender")


def named(answer: str, truth: str, probability: float = 0.9) -> Answered:
    return Answered(
        question=Question(request={"name": "王"}, truth={"label": truth}),
        answer={"label": answer, "probability": probability, "known": 1.0},
    )


def face(age: str, gender: str, truth: dict[str, Any]) -> Answered:
    answer = {
        "age_group": age,
        "age_probabilities": np.array([0.6, 0.4]),
        "gender": gender,
        "gender_probability": 0.8,
    }
    return Answered(question=Question(request={}, truth=truth), answer=answer)


def test_an_answer_is_right_where_all_that_is_known_is() -> None:
    assert is_right(NAMES, named("male", "male")) is True
    assert is_right(NAMES, named("male", "female")) is False
    assert is_right(FACES, face("0-2", "male", {"age_group": "0-2", "gender": "female"})) is False
    assert is_right(FACES, face("0-2", "male", {"age_group": "0-2", "gender": "unknown"})) is True
    assert is_right(FACES, face("0-2", "male", {"age_group": "unknown"})) is None


def test_the_first_of_several_labels_is_the_answer() -> None:
    task = load_task("image_retrain")
    answer = {"labels": np.array([b"hat", b"shoe"], object), "probabilities": np.array([0.7, 0.3])}
    asked = [
        Answered(question=Question(request={}, truth={"labels": truth}), answer=answer)
        for truth in ("hat", "shoe")
    ]
    assert [is_right(task, each) for each in asked] == [True, False]


def test_replies_are_neither_right_nor_wrong() -> None:
    answer = {"replies": np.array(["好"]), "scores": np.array([0.0])}
    asked = Answered(question=Question(request={}, truth={"replies": "好"}), answer=answer)
    assert is_right(load_task("seq2seq_chatbot"), asked) is None


def test_confusions_are_counted_by_truth_and_answer() -> None:
    asked = [named("male", "male")] * 12 + [named("female", "male")] * 3
    asked += [named("female", "female")] * 9 + [named("male", "unknown")]
    [found] = count_confusions(NAMES, asked)
    assert found.classes == ("female", "male")
    assert found.counts.tolist() == [[9, 0], [3, 12]]
    assert count_confusions(NAMES, asked[:10]) == []


def test_calibration_is_the_share_of_right_answers_in_each_bin() -> None:
    asked = [named("male", "male", 0.95)] * 18 + [named("male", "female", 0.93)] * 2
    asked += [named("male", "female", 0.55)] * 3 + [named("male", "male", 0.55)]
    [found] = measure_calibration(NAMES, asked)
    assert found.counts == (4, 20)
    assert found.came == pytest.approx((0.25, 0.9))
    assert found.said == pytest.approx((0.55, 0.948))


def test_a_mistake_is_as_sure_as_the_output_that_is_wrong() -> None:
    truth = {"age_group": "0-2", "gender": "female"}
    assert sureness(FACES, face("0-2", "male", truth)) == 0.8
    assert sureness(FACES, face("4-6", "female", truth)) == 0.6
    assert sureness(FACES, face("0-2", "female", truth)) == 0


def test_a_text_is_as_sure_as_all_of_it_not_as_its_surest_character() -> None:
    answer = {"text": "AB", "confidence": 0.4, "character_confidences": np.array([0.99, 0.4])}
    asked = Answered(question=Question(request={}, truth={"text": "AC"}), answer=answer)
    assert sureness(load_task("captcha_ocr"), asked) == 0.4
