"""Waits for spans of data, and has each that is complete trained on: `lianxi run --watch`.

Light: between runs nothing of TensorFlow is in memory. Each run is a process of its own, so that
whatever ends it does not end the watch.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from modules.common.reading.data_files import fingerprint
from modules.common.reading.spans import Span, choose_window, find_spans, word_spans
from modules.common.runtime.errors import DataError

_WORDS = {
    0: "pushed",
    1: "failed",
    2: "failed",
    3: "not pushed, since a gate said no",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is watched, and when a span is complete.

    Attributes:
        data: The path with placeholders.
        window: How many spans are read together.
        every_s: Seconds from one look to the next.
        settle_s: Seconds for which no file of a span may have changed.
        marker: Name of a file that is in a span's folder once it is complete; where empty, a span
            is complete once it has settled.
    """

    data: str
    window: int = 1
    every_s: float = 60.0
    settle_s: float = 10.0
    marker: str = ""


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What was seen of the newest window.

    Attributes:
        spans: Its spans, the newest last.
        state: Digest of their files: names, sizes, times.
        wait_s: Seconds for which no file may change any more, until it is complete.
    """

    spans: Sequence[Span]
    state: str
    wait_s: float = 0.0

    @property
    def words(self) -> str:
        """The window in words."""
        return f"span{'s' * (len(self.spans) > 1)} {word_spans(self.spans)}"


def look(rule: Rule) -> Sight:
    """Looks at the newest spans.

    Args:
        rule: What is watched.

    Raises:
        DataError: If there are none, or what is there is no span.
        WrongUsage: If the placeholders do not go together.
    """
    spans = find_spans(rule.data)
    if rule.marker:
        marked = [each for each in spans if os.path.isfile(os.path.join(each.path, rule.marker))]
        if not marked:
            raise DataError(
                f"none of {word_spans(spans)} holds {rule.marker}, which says that it is complete"
            )
        spans = marked
    window = choose_window(spans, rule.window, rule.data)
    files = [path for span in window for path in _files_of(span.path)]
    changed_s = max((_changed_s(path) for path in files), default=0.0)
    wait_s = 0.0 if rule.marker else max(0.0, rule.settle_s - (time.time() - changed_s))
    return Sight(spans=window, state=fingerprint(files), wait_s=wait_s)


def _files_of(path: str) -> Iterator[str]:
    if not os.path.isdir(path):
        yield path
        return
    for folder, _, names in os.walk(path, followlinks=True):
        yield from (os.path.join(folder, name) for name in names)


def _changed_s(path: str) -> float:
    """Tells when a file was last changed or came here, whatever time it was given."""
    try:
        return os.stat(path).st_ctime
    except OSError:
        return 0.0


def watch(
    rule: Rule,
    run: Callable[[Span], int],
    is_busy: Callable[[], bool],
    say: Callable[[str], None],
) -> None:
    """Runs for every new span, or version of one, or whenever the files of the newest change.

    What failed or was refused is not run again before its files are others. Of several that came at
    once, the newest is trained on. Goes on until the process is ended.

    Args:
        rule: What is watched.
        run: Trains on the window that ends with a span; gives the exit code.
        is_busy: Tells whether another run of the task is under way.
        say: Tells a person what happens.

    Raises:
        WrongUsage: If the placeholders do not go together.
    """
    done, said = "", ""

    def say_once(text: str) -> None:
        nonlocal said
        if text != said:
            say(text)
        said = text

    while True:
        pause_s = rule.every_s
        try:
            seen = look(rule)
        except DataError as error:
            say_once(f"waiting: {error}")
        else:
            if seen.state == done:
                say_once(f"waiting for what comes after {seen.words}")
            elif seen.wait_s:
                say_once(f"{seen.words}: waiting until no file has changed for {rule.settle_s:g} s")
                pause_s = min(rule.every_s, seen.wait_s)
            elif is_busy():
                say_once(f"{seen.words}: waiting for another run of the task to end")
            else:
                say_once(f"{seen.words}: training")
                begun = time.monotonic()
                code = run(seen.spans[-1])
                done = seen.state
                took = f"{time.monotonic() - begun:.0f} s"
                word = _WORDS.get(code, f"ended with code {code}")
                say_once(f"{seen.words}: {word}, after {took}")
                continue
        time.sleep(pause_s)
