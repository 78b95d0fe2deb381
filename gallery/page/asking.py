"""One question from the page to the server and back, told as it goes on."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from gallery.page.calls import Call, Calls, StoppedError, Timings
from gallery.page.forms import Question
from gallery.page.replies import Reply
from gallery.page.served import Models
from modules.common.declaring.fields import Field
from modules.common.runtime.errors import LianxiError

_LOG = logging.getLogger(__name__)
_TOLD_EVERY_S = 0.5
# Of an answer that is here sooner, no estimate needs to be said.
_SOON_S = 1.0
_MOST_CALLS = 32


@dataclass(frozen=True)
class Progress:
    """How far a question is.

    Attributes:
        words: What is said of it.
        share: How much is done, 0 to 1; `None` where that is not known.
    """

    words: str
    share: float | None = None


@dataclass(frozen=True)
class Failure:
    """There is no answer.

    Attributes:
        words: Why not.
        is_wanted: Whether the person stopped it.
    """

    words: str
    is_wanted: bool = False


@dataclass
class Desk:
    """Where questions are taken in, and calls are kept.

    Attributes:
        models: Who is asked.
        calls: Those under way.
        timings: How long answers took.
    """

    models: Models
    calls: Calls = field(default_factory=Calls)
    timings: Timings = field(default_factory=Timings)

    def __post_init__(self) -> None:
        """Makes the threads that wait for answers."""
        self._threads = ThreadPoolExecutor(_MOST_CALLS, thread_name_prefix="asking")

    def close(self) -> None:
        """Stops what is under way."""
        self.calls.stop_all()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def ask(
        self, read: Callable[[], Question], session: str, tab: str, before: str = ""
    ) -> AsyncIterator[Progress | Reply | Failure]:
        """Asks, and tells how it goes: progress, and at the end a reply or a failure.

        Args:
            read: Reads the question; what it raises is a failure.
            session: Who asks.
            tab: Where: a new question there takes the place of an earlier one.
            before: Words that go before what is told of progress.
        """
        folder = Path(tempfile.mkdtemp(prefix="answer-"))
        call = None
        try:
            question = await asyncio.to_thread(read)
            call = Call(self.models, question)
            self.calls.begin(session, tab, call)
            begun_s = time.monotonic()
            answering = asyncio.get_running_loop().run_in_executor(self._threads, call.run)
            expected_s = self.timings.expect(question)
            while not (await asyncio.wait({answering}, timeout=_TOLD_EVERY_S))[0]:
                yield tell(time.monotonic() - begun_s, expected_s, before)
            request, answer = await answering
            self.timings.note(question, time.monotonic() - begun_s)
            yield Reply(question, request, answer, folder)
        except StoppedError:
            yield Failure("stopped", is_wanted=True)
        except LianxiError as error:
            yield Failure(str(error))
        except Exception:
            _LOG.exception("%s: the page failed", tab)
            yield Failure("something failed in the page itself; its log says what")
        finally:
            if call is not None:
                # Nobody waits for it any more, whichever way this ended.
                await asyncio.to_thread(call.stop)
                self.calls.end(session, tab, call)
            shutil.rmtree(folder, ignore_errors=True)


def tell(seconds: float, expected_s: float | None, before: str = "") -> Progress:
    """Says how long a question has been under way, and how long it will be.

    Args:
        seconds: So far.
        expected_s: How long like questions took; `None` where there were none.
        before: Words that go first.
    """
    words = f"{before}{seconds:.0f} s"
    if expected_s is None or expected_s < _SOON_S:
        return Progress(words)
    return Progress(f"{words} of about {expected_s:.0f} s", min(seconds / expected_s, 0.99))


def stages_of(question: Question, staged: Field) -> list[Question]:
    """Gives the questions for the stages of an answer, the whole one last.

    Args:
        question: As it was asked.
        staged: The input that counts them.
    """
    whole = int(str(question.said.get(staged.name, staged.default)))
    return [
        replace(question, said={**question.said, staged.name: count})
        for count in range(1, whole + 1)
    ]
