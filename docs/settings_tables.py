"""Writes the table of settings on each task's page out of the task's declaration.

    python docs/settings_tables.py
    python docs/settings_tables.py --check

A test runs the second, so that no page says of a setting what its declaration does not.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from modules.common.declaring.registry import all_tasks
from modules.common.declaring.setting import Setting
from modules.common.declaring.settings import DATA
from modules.common.declaring.task import Task

ROOT = Path(__file__).resolve().parents[1]

_BEGIN, _END = "<!-- settings: python docs/settings_tables.py -->", "<!-- end of settings -->"
_PLACE = re.compile(f"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.DOTALL)
_HEAD = ("| setting | default | smoke | takes | what it does |", "|---|---|---|---|---|")


def page_of(task: Task) -> Path:
    """Gives the path of a task's page."""
    return ROOT / "docs" / f"{task.name}.md"


def write_page(task: Task) -> str:
    """Gives a task's page with its table as the declaration has it.

    Args:
        task: The declaration.

    Raises:
        ValueError: If the page has no place for the table.
    """
    page = page_of(task).read_text(encoding="utf-8")
    rows = "\n".join((*_HEAD, *map(_row, task.declared)))
    if not _PLACE.search(page):
        raise ValueError(f"docs/{task.name}.md lacks a line {_BEGIN}, and one {_END} below it")
    return _PLACE.sub(lambda _: f"{_BEGIN}\n{rows}\n{_END}", page)


def _row(setting: Setting) -> str:
    reads = " *" if DATA in setting.reads else ""
    smoke = "" if setting.smoke is None else _plain(setting.smoke)
    cells = (f"`{setting.name}`{reads}", _plain(setting.default), smoke, setting.expected)
    return f"| {' | '.join((*cells, setting.doc))} |"


def _plain(value: object) -> str:
    return "empty" if value == "" else str(value)


def main() -> None:
    """Writes the pages, or says which are not as they should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where one differs"
    )
    check = parser.parse_args().check
    differing = [
        task
        for task in all_tasks()
        if write_page(task) != page_of(task).read_text(encoding="utf-8")
    ]
    for task in differing:
        if not check:
            page_of(task).write_text(write_page(task), encoding="utf-8")
        print(f"docs/{task.name}.md {'differs' if check else 'written'}")
    sys.exit(1 if check and differing else 0)


if __name__ == "__main__":
    main()
