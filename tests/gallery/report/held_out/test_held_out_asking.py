"""Asking a model as many held-out examples as there is time for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from gallery.report.held_out import asking
from gallery.report.held_out.asking import Asked, _Asker
from gallery.report.held_out.questions import Question
from lianxi_client import ClientError
from modules.common.declaring.registry import load_task


class Model:
    """A client whose model answers with the input's length, some seconds later by its own clock."""

    def __init__(self, seconds: float = 0.1, refuses: str = "", slow_s: float = 0.0) -> None:
        self.requests: list[dict[str, list]] = []
        self.now_s = 0.0
        self._seconds, self._refuses, self._slow_s = seconds, refuses, slow_s

    def predict(self, model: str, inputs: Mapping[str, list], timeout_s: float) -> dict[str, Any]:
        self.requests.append(dict(inputs))
        takes_s = self._slow_s if self._slow_s and "octaves" not in inputs else self._seconds
        self.now_s += min(takes_s, timeout_s)
        if takes_s > timeout_s:
            raise ClientError("DEADLINE_EXCEEDED", "too slow")
        [values] = [value for name, value in inputs.items() if name in ("text", "image")]
        if self._refuses and self._refuses in values:
            raise ClientError("INVALID_ARGUMENT", f"no {self._refuses}")
        return {"length": np.array([len(each) for each in values])}


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(model: Model, texts: list[str], **question: Any) -> Asked:
        monkeypatch.setattr(asking.time, "monotonic", lambda: model.now_s)
        name = question.pop("name", "text")
        questions = [Question(request={name: text}, **question) for text in texts]
        task = load_task("seq2seq_chatbot")
        return _Asker(task, model, is_cheap=False).ask(questions)  # type: ignore[arg-type]

    return run


def test_all_are_answered_in_order_and_more_at_once_each_time(ask: Any) -> None:
    model = Model()
    asked = ask(model, ["a" * count for count in range(1, 12)])
    assert [int(each.answer["length"]) for each in asked.answered] == list(range(1, 12))
    assert [len(request["text"]) for request in model.requests] == [1, 2, 4, 4]
    assert not asked.is_cut and not asked.problems


def test_one_that_is_refused_is_said_and_costs_no_other(ask: Any) -> None:
    asked = ask(Model(refuses="bad"), ["a", "b", "c", "bad", "d", "e"])
    assert len(asked.answered) == 5
    assert asked.problems == ("INVALID_ARGUMENT: no bad",)


def test_a_few_are_asked_whatever_they_take_and_then_time_is_up(ask: Any) -> None:
    asked = ask(Model(seconds=2.0), ["a"] * 50)
    assert 3 <= len(asked.answered) < 10
    assert asked.is_cut and asked.seconds <= 8
    # Of what is slower still there are fewer.
    slow = ask(Model(seconds=6.0), ["a"] * 50)
    assert 1 <= len(slow.answered) <= 3 and slow.seconds <= asking.MOST_S


def test_what_is_too_slow_with_defaults_is_asked_with_the_examples_options(ask: Any) -> None:
    model = Model(slow_s=60.0)
    asked = ask(model, ["a", "b"], name="image", cheap={"octaves": 1})
    assert len(asked.answered) == 2 and asked.is_cheap
    assert ["octaves" in request for request in model.requests] == [False, True, True]


def test_a_model_that_never_answers_in_time_ends(ask: Any) -> None:
    model = Model(seconds=60.0)
    asked = ask(model, ["a", "b"])
    assert asked.is_cut and not asked.answered
    assert model.now_s <= 2 * asking.MOST_S


def test_series_of_other_lengths_are_asked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model()
    monkeypatch.setattr(asking.time, "monotonic", lambda: model.now_s)
    questions = [Question(request={"text": [1.0] * count}) for count in (3, 4, 5)]
    task = load_task("seq2seq_chatbot")
    asked = _Asker(task, model, False).ask(questions)  # type: ignore[arg-type]
    assert [len(request["text"]) for request in model.requests] == [1, 1, 1]
    assert len(asked.answered) == 3
