"""Asking: progress, stages, refusals, and calls that are stopped at the server too."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_up_task import INPUTS, MadeUpModels, make_answer, make_asker, make_task
from tiny_server import publish, serve, templates

from gallery.page.asking import Desk, Failure, Progress, stages_of, tell
from gallery.page.calls import Call, Calls, StoppedError, Timings, reword
from gallery.page.forms import Question
from gallery.page.replies import Reply
from gallery.page.served import OthersModels
from modules.common.asking.asking import Asker, Asking
from modules.common.declaring.fields import Field
from modules.common.runtime.errors import LianxiError
from pipelines.answering import NoServerError

__all__ = ["publish", "serve", "templates"]

_SECONDS = Field(name="seconds", dtype="float32", at_least=0)


def told_of(desk: Desk, question: Question) -> list[Any]:
    """All that is told of a question."""

    async def ask() -> list[Any]:
        return [told async for told in desk.ask(lambda: question, "me", "tab")]

    return asyncio.run(ask())


def line_question(**said: Any) -> Question:
    asker = make_asker(inputs=(INPUTS[0], *INPUTS[5:11]), example={"line": ["a"]})
    return Question(asker, "hi", said)


def desk_that(answer: Callable[[dict[str, Any]], Any]) -> Desk:
    return Desk(MadeUpModels([make_task()], answer))


def test_an_answer_comes_with_its_request() -> None:
    [reply] = told_of(desk_that(lambda request: make_answer()), line_question(seed=3))
    assert isinstance(reply, Reply)
    assert reply.request == {"line": ["hi"], "seed": [3]} and reply.rows == 1
    assert not reply.folder.exists()


def test_what_takes_long_is_told_of_with_an_estimate() -> None:
    def answer(request: dict[str, Any]) -> Any:
        time.sleep(1.3)
        return make_answer()

    desk = desk_that(answer)
    *progress, _ = told_of(desk, line_question())
    assert [each.share for each in progress] == [None, None]
    *progress, _ = told_of(desk, line_question())
    assert all(0.2 < each.share < 1 and "of about 1 s" in each.words for each in progress)
    *progress, _ = told_of(desk, line_question(many=9))
    assert progress[0].share is None


def test_progress_never_says_that_it_is_done() -> None:
    assert tell(500, 3.0) == Progress("500 s of about 3 s", 0.99)
    assert tell(2, 0.1, "1 of 4: ") == Progress("1 of 4: 2 s")


@pytest.mark.parametrize("error", [RuntimeError("secret"), KeyError("secret"), MemoryError()])
def test_a_failure_of_the_page_is_no_stack_trace(error: Exception) -> None:
    def answer(request: dict[str, Any]) -> Any:
        raise error

    [failure] = told_of(desk_that(answer), line_question())
    assert failure == Failure("something failed in the page itself; its log says what")


def test_stages_are_the_same_question_with_fewer_of_them() -> None:
    staged = INPUTS[5]
    stages = stages_of(line_question(count=3, seed=1), staged)
    assert [each.said for each in stages] == [{"count": n, "seed": 1} for n in (1, 2, 3)]
    assert len(stages_of(line_question(), staged)) == 2


def test_a_message_is_one_for_a_page() -> None:
    asker = make_asker(Asking(unsaid=("layers",)))
    question = Question(asker, "", {}, ("/tmp/x/upload/photo.png",))
    message = "/tmp/x/upload/photo.png cannot be used; give --photo FILE or --many, not --manyfold"
    assert reword(message, question) == (
        "photo.png cannot be used; give “photo” or “many”, not --manyfold"
    )


def test_a_new_question_stops_the_one_before_it_and_no_other() -> None:
    calls = Calls()
    one, two, other = (Call(MadeUpModels([]), line_question()) for _ in range(3))
    calls.begin("me", "tab", one)
    calls.begin("you", "tab", other)
    calls.begin("me", "tab", two)
    assert (one.is_stopped, two.is_stopped, other.is_stopped) == (True, False, False)
    calls.stop("me", "elsewhere")
    calls.stop_all("me")
    assert (two.is_stopped, other.is_stopped) == (True, False)


def test_how_long_is_by_what_was_asked(tmp_path: Path) -> None:
    timings = Timings()
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(bytes(10))
    large.write_bytes(bytes(100_000))
    question = replace(line_question(), paths=(str(small),))
    for seconds in (1.0, 5.0, 2.0):
        timings.note(question, seconds)
    assert timings.expect(question) == 2.0
    assert timings.expect(replace(question, paths=(str(large),))) is None


@pytest.fixture
def slow(serve: Any, publish: Any, tmp_path: Path) -> tuple[OthersModels, Asker]:
    """A server with a model that works for as long as it is told, and how it is asked."""
    publish(tmp_path, "name_gender", 1)
    server, _ = serve(tmp_path)
    models = OthersModels(f"127.0.0.1:{server.port}", ["name_gender", "captcha_ocr"])
    asking = Asking(signature="slow", inputs=(_SECONDS,), outputs=(_SECONDS,))
    return models, Asker(models.tasks[0], asking)


def test_the_tabs_are_what_the_server_has(slow: tuple[OthersModels, Asker]) -> None:
    models, _ = slow
    assert [task.name for task in models.tasks] == ["name_gender"]
    facts = models.describe("name_gender")
    assert facts.version == "1" and facts.server == models.address and not facts.is_smoke


def test_a_call_that_is_stopped_ends_at_the_server(slow: tuple[OthersModels, Asker]) -> None:
    models, asker = slow
    question = Question(asker, "", {"seconds": 60.0})
    desk = Desk(models)

    async def ask() -> list[Any]:
        told = []
        async for each in desk.ask(lambda: question, "me", "tab"):
            told.append(each)
            if len(told) == 2:
                # The server is at work in this very process.
                assert _busy_share() > 0.5
                desk.calls.stop("me", "tab")
        return told

    begun_s = time.monotonic()
    *_, failure = asyncio.run(ask())
    assert failure == Failure("stopped", is_wanted=True)
    assert time.monotonic() - begun_s < 10
    end_s = time.monotonic() + 10
    while (share := _busy_share()) > 0.3 and time.monotonic() < end_s:
        pass
    assert share <= 0.3, "the server still works for nobody"


def _busy_share() -> float:
    """How much of a core this process uses."""
    before_s = time.process_time()
    time.sleep(0.5)
    return (time.process_time() - before_s) / 0.5


def test_a_call_that_was_stopped_before_it_began(slow: tuple[OthersModels, Asker]) -> None:
    models, asker = slow
    call = Call(models, Question(asker, "", {"seconds": 60.0}))
    call.stop()
    with pytest.raises(StoppedError):
        call.run()


def test_the_model_refuses_in_its_own_words(slow: tuple[OthersModels, Asker]) -> None:
    models, asker = slow
    # A value that the declaration allows and the graph does not know.
    wrong = replace(asker, asking=replace(asker.asking, signature="no_such"))
    [failure] = told_of(Desk(models), Question(wrong, "", {"seconds": 0.0}))
    assert isinstance(failure, Failure) and "no_such" in failure.words
    assert "Traceback" not in failure.words


def test_no_server_is_said() -> None:
    with pytest.raises(NoServerError, match="no server answers at 127.0.0.1:9"):
        OthersModels("127.0.0.1:9", ["name_gender"])


def test_a_server_without_our_models_is_said(serve: Any, publish: Any, tmp_path: Path) -> None:
    publish(tmp_path, "tiny", 1)
    server, _ = serve(tmp_path)
    with pytest.raises(LianxiError, match="has no model of a task of this project"):
        OthersModels(f"127.0.0.1:{server.port}", ["name_gender"])


def test_nobody_waits_for_a_model_that_is_not_wanted() -> None:
    stopped = threading.Event()
    stopped.set()
    models = OthersModels.__new__(OthersModels)
    with pytest.raises(LianxiError, match="stopped"):
        models.connect("name_gender", stopped)
