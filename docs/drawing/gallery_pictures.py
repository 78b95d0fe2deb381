"""Writes a picture of each tab of the gallery, with its example asked and answered.

    python docs/drawing/gallery_pictures.py FOLDER --root lianxi_runs --env smoke

It needs Chromium or Chrome, and Playwright. `--width 375` is a telephone's; `--dark` the dark
theme; `--only TASK` one tab. `--scale 0.6` makes pictures smaller, as those of the README are.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from modules.common.runtime.stack import prepare_environment
from pipelines.environment import environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser

prepare_environment()

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_ANSWER_MS = 300_000
# Until an example that was clicked stands in the form, and what was answered is drawn.
_SETTLE_MS = 2_000
_COLOURS = 128


def main() -> None:
    """Draws what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--root")
    parser.add_argument("--env", default="local", choices=["local", "smoke"])
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", action="append", default=[])
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    # As the command line has it: a folder that is gone at the end.
    with tempfile.TemporaryDirectory(prefix="lianxi-pictures-") as temporary:
        tempfile.tempdir = temporary
        from gallery.page.opening import opened_gallery

        env = environment(given.env, given.root)
        with opened_gallery(env, None) as url, _open_browser() as browser:
            address = f"{url}?__theme={'dark' if given.dark else 'light'}"
            for name in given.only or _list_tabs(browser, address):
                picture = _draw_tab(browser, address, name, given.width)
                _save(picture, given.folder / f"{name}.png", given.scale)
                print(given.folder / f"{name}.png")


@contextmanager
def _open_browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        sys.exit("needs chromium or google-chrome on the PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def _list_tabs(browser: Browser, url: str) -> list[str]:
    page = browser.new_page()
    page.goto(url)
    page.get_by_role("tab").first.wait_for()
    names = page.get_by_role("tab").all_inner_texts()
    page.close()
    return names


def _draw_tab(browser: Browser, url: str, name: str, width_px: int) -> bytes:
    """Opens a tab, asks its first example where it has one, and takes its picture."""
    page = browser.new_page(viewport={"width": width_px, "height": 800})
    page.goto(url)
    page.get_by_role("tab", name=name, exact=True).click()
    page.wait_for_timeout(_SETTLE_MS)
    panel = page.locator(".sides:visible")
    if panel.count():
        panel.locator("button.example").first.click()
        page.wait_for_timeout(_SETTLE_MS)
        panel.locator("button.ask").click()
        answered = panel.get_by_text("Answered.", exact=True)
        answered.or_(panel.locator(".alert")).wait_for(timeout=_ANSWER_MS)
        page.wait_for_timeout(_SETTLE_MS)
    page.mouse.move(0, 0)
    picture = page.screenshot(full_page=True)
    page.close()
    return picture


def _save(png: bytes, path: Path, scale: float) -> None:
    """Writes a picture with few colours, of which a page has no more."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    if scale != 1:
        size = round(picture.width * scale), round(picture.height * scale)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    picture.quantize(_COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    main()
