"""Every task's tab in a real browser: its example is clicked, asked and answered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browser import WIDTHS_PX, Visit
from playwright.sync_api import Locator, expect
from smoke import SmokeRun, smoke_run_of

from gallery.page.opening import opened_gallery
from modules.common.asking.asking import Asker, asker_of
from modules.common.declaring.registry import load_task
from pipelines.environment import environment

# The model is loaded first; what takes long for one example is a few seconds.
_ANSWER_MS = 90_000
# Until values that are here stand in the form.
_FILLED_MS = 500
# What shows an answer of each kind.
_SHOWN = {
    "label": ".facts, [data-testid=label-output-value], .output-class",
    "labels": "[data-testid=label-output-value], .output-class",
    "text": ".facts strong",
    "texts": ".table table",
    "picture": ".compare img.after, .image-container img",
    "pictures": ".figures img",
    "sound": "[data-testid=waveform-controls], audio",
    "piano_roll": "svg[role=img]",
    "forecast": "svg[role=img]",
}


@pytest.fixture
def smoke_run(task_name: str, tmp_path_factory: pytest.TempPathFactory) -> SmokeRun:
    """The task's smoke run, made once in a session."""
    return smoke_run_of(load_task(task_name), lambda: tmp_path_factory.mktemp(task_name))


@pytest.mark.e2e
def test_every_tab_answers_its_example(
    task_name: str, smoke_run: SmokeRun, visit: Callable[..., Visit]
) -> None:
    asker = asker_of(load_task(task_name))
    env = environment("smoke", str(smoke_run.root))
    with opened_gallery(env, None) as url:
        seen = visit(url, width_px=WIDTHS_PX[-1])
        page = seen.page
        expect(page).to_have_title("Lianxi")
        page.get_by_role("tab", name=task_name, exact=True).click()
        expect(page.get_by_text("smoke model").first).to_be_visible()
        panel = page.locator(".sides:visible")
        fill_example(panel, asker)
        panel.locator("button.ask").click()
        answered = panel.get_by_text("Answered.", exact=True)
        refused = panel.locator(".alert")
        expect(answered.or_(refused)).to_be_visible(timeout=_ANSWER_MS)
        expect(refused).to_have_count(0)
        first = asker.outputs[0]
        shown = panel.locator(".answered").locator(_SHOWN[first.kind]).locator("visible=true")
        expect(shown.first).to_be_visible()
        for width_px in WIDTHS_PX:
            page.set_viewport_size({"width": width_px, "height": 900})
            page.wait_for_timeout(200)
            assert seen.overflow_px() == 0, f"at {width_px} px"
            assert seen.find_nameless() == []
        assert page.evaluate("document.documentElement.lang") == "en"
        seen.check_quiet()


def fill_example(panel: Locator, asker: Asker) -> None:
    """Clicks the first example, and waits until it is here and the form shows it."""
    with panel.page.expect_response(lambda response: "/run/predict" in response.url):
        panel.locator("button.example").first.click()
    panel.page.wait_for_timeout(_FILLED_MS)
    kinds = [field.kind for field in asker.inputs if field.default is None]
    if "picture" in kinds:
        expect(panel.locator(".asked img").first).to_be_visible()
    if "sound" in kinds:
        # It begins as a place for a file, in which nothing can be played.
        expect(panel.locator(".asked [data-testid*=waveform]").first).to_be_visible()
    if {"text", "series"} & set(kinds):
        expect(panel.locator(".asked textarea, .asked input[type=text]").first).not_to_have_value(
            ""
        )
