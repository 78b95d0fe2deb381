"""Makes pages of the documentation's site of the files in the project's folder that are pages too.

A hook of mkdocs. A link to a file that is no page of the site becomes its words.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
# File of the project to page of the site.
PAGES = {
    "README.md": "index.md",
    "README.zh-CN.md": "zh-CN.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "reporting.md",
}
_LINK = re.compile(r"(?P<words>!?\[[^\]]*\])\((?P<target>[^)#\s]+)(?P<place>#[^)]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages.

    Args:
        files: What mkdocs found in `docs`.
        config: Of the site.
    """
    for name, page in PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=point_into_site(text, ROOT)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Points the links of a page in `docs` to what the site has.

    Args:
        markdown: The page's text.
        page: Which it is.
        config: Of the site.
        files: All of the site.
    """
    return markdown if page.file.generated_by else point_into_site(markdown, ROOT / "docs")


def point_into_site(markdown: str, folder: Path) -> str:
    """Rewrites relative links.

    Args:
        markdown: A page's text.
        folder: Where the page is in the project.
    """

    def rewrite(link: re.Match[str]) -> str:
        target, place = link["target"], link["place"] or ""
        if "://" in target or target.startswith("mailto:"):
            return link[0]
        path = (folder / target).resolve().relative_to(ROOT)
        if str(path) in PAGES:
            return f"{link['words']}({PAGES[str(path)]}{place})"
        if path.parts[0] == "docs" and path.suffix != ".py":
            return f"{link['words']}({path.relative_to('docs')}{place})"
        return link["words"].strip("[]")

    return _LINK.sub(rewrite, markdown)
