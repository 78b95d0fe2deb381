"""Processor time by component and library: whose a stack is, and what is seen of a busy thread."""

from __future__ import annotations

import threading
import time
from types import ModuleType

import pytest

from modules.common.runtime.digest import ROOT

INSTALLED = "/env/lib/python3/site-packages"


@pytest.fixture
def profiling(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    import benchmarks.profile_components as profile_components

    return profile_components


@pytest.mark.parametrize(
    ("files", "owner"),
    [
        ([f"{INSTALLED}/numpy/core.py", f"{INSTALLED}/apache_beam/io/tfrecordio.py"], "Beam"),
        ([f"{INSTALLED}/tfx_bsl/a.py", f"{INSTALLED}/tfx/b.py"], "tfx-bsl"),
        (
            ["/lib/python3/gzip.py", f"{ROOT}/modules/common/x.py", f"{INSTALLED}/keras/y.py"],
            "Lianxi",
        ),
        ([f"{INSTALLED}/tensorflow/a.py", "<frozen importlib._bootstrap>", "x.py"], "imports"),
        ([f"{ROOT}/.venv/lib/python3/site-packages/keras/src/a.py"], "Keras"),
        ([f"{ROOT}/benchmarks/a.py", "/lib/python3/runpy.py"], "the rest"),
    ],
)
def test_a_stack_belongs_to_the_innermost_known_library(
    profiling: ModuleType, files: list[str], owner: str
) -> None:
    assert profiling.owner_of(files) == owner


def test_rows_and_columns_add_up(profiling: ModuleType) -> None:
    tally = profiling.Tally()
    for component, owner, seconds in (
        ("start", "imports", 4.0),
        ("Transform", "Beam", 2.0),
        ("Transform", "TFX", 0.06),
        ("Transform", "the rest", 1.0),
        ("start", "imports", 1.0),
    ):
        tally.add(component, owner, seconds)
    assert tally.draw().splitlines() == [
        "| component | all | imports | Beam | the rest |",
        "| --- | --- | --- | --- | --- |",
        "| start | 5.0 | 5.0 |  |  |",
        "| Transform | 3.1 |  | 2.0 | 1.1 |",
        "| all | 8.1 | 5.0 | 2.0 | 1.1 |",
    ]


def test_what_a_thread_takes_is_seen(profiling: ModuleType) -> None:
    def spin() -> None:
        began, deadline = time.thread_time(), time.monotonic() + 60
        # On a busy machine who looks may come late; what has ended cannot be seen.
        while time.thread_time() - began < 0.3 or seen() < 0.2:
            if time.monotonic() > deadline:
                break
        spun.append(time.thread_time() - began)

    def seen() -> float:
        tally = dict(sampler.tally.seconds)
        return sum(seconds for (name, _), seconds in tally.items() if name == "Trainer")

    spun: list[float] = []
    sampler = profiling.Sampler()
    with sampler.watching():
        sampler.component = "Trainer"
        thread = threading.Thread(target=spin)
        thread.start()
        # It waits and takes nothing.
        thread.join()
    assert seen() == pytest.approx(spun[0], rel=0.5)
