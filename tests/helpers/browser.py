"""A real browser that tests open pages in: what it asks for, and what it complains of, is kept.

A test takes the fixture `visit` and opens an address or a file. Nothing may leave the machine: such
a request is aborted and remembered, and so is every error in the console.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WIDTHS_PX = (375, 1440)
_LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
_LOCAL_SCHEMES = ("data", "blob", "about", "file", "chrome")
_HEIGHT_PX = 900
# What a screen reader names a control by, and why it needs none where it is not there for a person.
_NAMELESS = """
() => [...document.querySelectorAll(
    'button, input, select, textarea, a[href], [role=button], [role=tab], [role=slider], audio, '
    + 'video, iframe, img, svg[role=img]')]
  .filter(e => e.checkVisibility({visibilityProperty: true, opacityProperty: false})
    && !e.closest('[aria-hidden=true], [hidden]') && e.type !== 'hidden'
    && !(e.tagName === 'IMG' && e.hasAttribute('alt')))
  .filter(e => {
    const by = (e.getAttribute('aria-labelledby') || '').split(/\\s+/).filter(Boolean)
      .map(id => document.getElementById(id)?.innerText || '').join(' ');
    const labels = [...(e.labels || [])].map(label => label.innerText).join(' ');
    const text = ['INPUT', 'SELECT', 'TEXTAREA'].includes(e.tagName) ? '' : e.textContent;
    const inside = e.querySelector('img[alt], svg title, [aria-label]');
    const named = inside && (inside.getAttribute('alt') || inside.getAttribute('aria-label')
      || inside.textContent);
    return ![e.getAttribute('aria-label'), by, labels, e.getAttribute('title'), text, named]
      .some(name => (name || '').trim());
  })
  .map(e => e.outerHTML.slice(0, 200))
"""


@dataclass
class Visit:
    """A page in a browser, with what it asked for and what it complained of.

    Attributes:
        page: Playwright's page.
        requests: Every address that was asked for.
        left: Those of them that would have left the machine, which were aborted.
        errors: What the console said as an error, and exceptions that nothing caught.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def check_quiet(self) -> None:
        """Fails where the page complained, or would have asked another machine."""
        assert not self.left, f"requests that leave the machine: {self.left}"
        assert not self.errors, f"errors in the console: {self.errors}"

    def overflow_px(self) -> int:
        """Gives by how many pixels the page is wider than the window."""
        return int(
            self.page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )

    def find_nameless(self) -> list[str]:
        """Finds visible controls and pictures that a screen reader could not name."""
        return list(self.page.evaluate(_NAMELESS))


def find_browser() -> str:
    """Finds Chromium or Chrome; skips the test where there is none."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.skip(
            "needs a browser, and there is no chromium or google-chrome on the PATH "
            "(Debian: apt-get install chromium)"
        )
    pytest.importorskip("playwright.sync_api", reason="needs playwright, which is not installed")
    return found


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Starts a browser without a window; skips where there is none.

    While it is open the thread has a running event loop, so that nothing else in it may start one:
    keep it open for a test, not for a session.
    """
    program = find_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Containers have neither what the sandbox needs nor much shared memory.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        arguments += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def visit_with(
    browser: Browser, url: str, width_px: int = WIDTHS_PX[-1], height_px: int = _HEIGHT_PX
) -> Visit:
    """Opens an address in a page of its own.

    Args:
        browser: From `open_browser`.
        url: `http://127.0.0.1:PORT/…` or `file://…`.
        width_px: How wide the window is.
        height_px: How high.
    """
    context = browser.new_context(viewport={"width": width_px, "height": height_px})
    visit = Visit(context.new_page())

    def guard(route: Route) -> None:
        address = route.request.url
        visit.requests.append(address)
        if _stays(address):
            route.continue_()
        else:
            visit.left.append(address)
            route.abort()

    context.route("**/*", guard)
    visit.page.on("websocket", lambda socket: visit.requests.append(socket.url))
    visit.page.on(
        "console",
        lambda said: visit.errors.append(said.text) if said.type == "error" else None,
    )
    visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
    visit.page.goto(url)
    return visit


def _stays(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in _LOCAL_SCHEMES or parts.hostname in _LOCAL_HOSTS


@pytest.fixture
def visit() -> Iterator[Callable[..., Visit]]:
    """Opens pages: `visit(url, width_px=375)`. Skips where there is no browser."""
    with open_browser() as browser:
        yield lambda url, **size: visit_with(browser, url, **size)
