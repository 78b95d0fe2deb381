"""The report of every task's smoke run, opened in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from browser import WIDTHS_PX, Visit
from smoke import SmokeRun

from modules.common.declaring.task import Task

pytestmark = pytest.mark.e2e

MOST_BYTES = 5_000_000
SECTIONS = ("measures", "held_out", "course", "wanted", "data", "usage")
# What there must be of each kind of output, beside words.
SHOWN = {
    "picture": "#held_out .case img",
    "pictures": "#held_out .case img",
    "sound": "#held_out .case audio",
    "piano_roll": "#held_out .case svg",
    "forecast": "#held_out .case svg",
    "label": "#held_out .shares",
    "labels": "#held_out .shares",
    "texts": "#held_out ol.lines",
}


def report_of(run: SmokeRun) -> Path:
    return Path(run.first["paths"]["report_html"])


def test_the_report_opens_offline_and_has_its_sections(
    smoke_run: SmokeRun,
    visit: Callable[..., Visit],
    record_property: Callable[[str, object], None],
) -> None:
    path = report_of(smoke_run)
    size = path.stat().st_size
    record_property("reports", f"{smoke_run.task.name}: {size / 1e6:.2f} MB")
    assert 20_000 < size < MOST_BYTES
    seen = visit(path.as_uri())
    seen.check_quiet()
    outside = [each for each in seen.requests if not each.startswith(("file:", "data:"))]
    assert not outside and len([each for each in seen.requests if each[:5] == "file:"]) == 1
    found = seen.page.eval_on_selector_all("main > section", "all => all.map(each => each.id)")
    assert set(SECTIONS) <= set(found)
    assert ("learning" in found) == smoke_run.task.trains
    # What could not be made would be said here.
    assert "is not shown" not in seen.page.inner_text("header")
    assert f"{smoke_run.task.name}@1" in seen.page.inner_text("header")


@pytest.mark.parametrize("width_px", WIDTHS_PX)
def test_the_report_is_named_and_fits(
    smoke_run: SmokeRun, visit: Callable[..., Visit], width_px: int
) -> None:
    seen = visit(report_of(smoke_run).as_uri(), width_px=width_px)
    assert seen.overflow_px() == 0
    assert seen.find_nameless() == []
    assert seen.page.locator("table:not(:has(caption))").count() == 0


def test_held_out_examples_are_shown_as_what_they_are(
    smoke_run: SmokeRun, visit: Callable[..., Visit]
) -> None:
    task = smoke_run.task
    seen = visit(report_of(smoke_run).as_uri())
    for output in task.serving.outputs:
        wanted = SHOWN.get(output.kind)
        has_shares = any(other.of == output.name for other in task.serving.outputs)
        if wanted and (has_shares or output.kind not in ("label", "labels")):
            assert seen.page.locator(wanted).count(), f"{output.name}: no {wanted}"
    broken = seen.page.evaluate(
        "() => [...document.images].filter(each => !each.naturalWidth).length"
    )
    assert not broken
    if task_is_judged(task):
        assert " answers are right" in seen.page.inner_text("#held_out")


def task_is_judged(task: Task) -> bool:
    return any(
        output.raw and output.kind in ("label", "labels", "text") for output in task.serving.outputs
    )
