"""What a test in a browser sees of a page: errors, requests, names and widths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from browser import Visit

_GOOD = """<!doctype html><html lang="en"><title>t</title><label>Name <input></label>
<button>Ask</button><button aria-label="Close">x</button><img alt="" src="data:,">"""
_BAD = """<!doctype html><html lang="en"><title>t</title><input><button></button>
<div style="width:3000px">wide</div><script src="https://example.com/x.js"></script>
<script>console.error("oh no"); nobody()</script>"""


@pytest.fixture
def page_of(tmp_path: Path, visit: Callable[..., Visit]) -> Callable[[str], Visit]:
    """Opens a file of HTML."""

    def open_page(html: str) -> Visit:
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        return visit(path.as_uri())

    return open_page


def test_a_good_page_is_quiet_named_and_narrow(page_of: Callable[[str], Visit]) -> None:
    seen = page_of(_GOOD)
    seen.check_quiet()
    assert seen.find_nameless() == []
    assert seen.overflow_px() == 0


def test_what_is_wrong_with_a_page_is_seen(page_of: Callable[[str], Visit]) -> None:
    seen = page_of(_BAD)
    assert seen.left == ["https://example.com/x.js"]
    assert any("oh no" in error for error in seen.errors)
    assert any("nobody" in error for error in seen.errors)
    assert len(seen.find_nameless()) == 2
    assert seen.overflow_px() > 1000
