"""What a person sees of a run."""

from __future__ import annotations

import io

from modules.common.runtime import progress
from pipelines.console import RunConsole
from pipelines.observer import Outcome


def lines(*reports: progress.Progress) -> str:
    stream = io.StringIO()
    with RunConsole(stream) as console:
        console.on_start("ExampleGen")
        for report in reports:
            progress.report(report)
        console.on_end(
            Outcome(name="ExampleGen", state="done", seconds=1.5, cpu_seconds=1.5, outputs={}),
            "9 train",
        )
    return stream.getvalue()


def test_what_training_reported_last_stays() -> None:
    report = progress.Progress(done=3, total=9, unit="epoch", figures={"loss": 0.5})
    assert lines(report).rstrip().endswith("9 train · 3 epochs, loss 0.5000")


def test_how_many_examples_were_read_is_only_shown_on_the_way() -> None:
    report = progress.Progress(done=1200, total=5000, unit="example")
    assert lines(report).rstrip().endswith("1.5 s  9 train")


def test_a_bar_shows_how_far_reading_is() -> None:
    with RunConsole(io.StringIO()) as console:
        console.on_start("ExampleGen")
        progress.report(progress.Progress(done=1200, total=5000, unit="example"))
        [bar] = console._progress.tasks
        assert (bar.completed, bar.total) == (1200, 5000)
        assert bar.fields["figures"].strip() == "example 1,200/5,000"
