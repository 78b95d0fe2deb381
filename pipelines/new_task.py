"""Writes a new task as a copy of another, under a name of its own.

All files of the other's folders are copied, whatever they are, and the task's name in them is
rewritten: in import paths, in strings, as part of longer names, and as classes spell it. A first
test and a page are written anew, since what those of the other say is not true of the new one.
"""

from __future__ import annotations

import keyword
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from string import Template

from modules.common.asking.field_tables import make_input_table, make_output_table
from modules.common.declaring.registry import MODULES
from modules.common.declaring.task import Task
from modules.common.runtime.errors import LianxiError, WrongUsage

CHECKOUT = MODULES.parent
_CHECKOUT_HAS = ("pyproject.toml", "modules", "pipelines", "schemas", "tests/modules", "docs")
# Discovery looks into `modules`: that comes last, when all else is in its place.
_COPIED = ("schemas/{}", "pipelines/{}.py", "modules/{}")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NAME_RULE = (
    "a name is words of lower-case letters and digits joined by _, the first beginning with a "
    "letter: what goes in, then what comes out, such as review_sentiment"
)
_REWRITTEN = (".py", ".pbtxt", ".md")
_LINE = 100
_TITLE_INDENT = len('    ",')
_LOAD = (
    "import sys; from modules.common.declaring.registry import load_task; load_task(sys.argv[1])"
)
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class NewTask:
    """What was written.

    Attributes:
        name: The new task's name.
        paths: What there is now, relative to the checkout: folders and files.
        lint: What ruff says of its files, such as of lines that a longer name made too long; `None`
            if ruff is not there to put imports in order.
    """

    name: str
    paths: tuple[Path, ...]
    lint: str | None


def write_task(name: str, like: Task, root: Path = CHECKOUT) -> NewTask:
    """Copies a task under a new name; where that fails, nothing is left of it.

    Args:
        name: The new task's.
        like: The task to copy.
        root: The checkout to write to.

    Raises:
        WrongUsage: If the name cannot be one, or is taken.
        LianxiError: If `root` is no checkout that can be written to, or the copy is not a task.
    """
    _check_name(name)
    _check_checkout(root)
    page, test = Path(f"docs/{name}.md"), Path(f"tests/modules/{name}")
    targets = (page, test, *(Path(place.format(name)) for place in _COPIED))
    taken = next((path for path in targets if (root / path).exists()), None)
    if taken:
        raise WrongUsage(f"{name} cannot be a new task: {taken} is there already; choose another")
    with tempfile.TemporaryDirectory(prefix=".new_task_", dir=root) as folder:
        drafts = Path(folder)
        for place in _COPIED:
            _copy(root / place.format(like.name), drafts / place.format(name), like.name, name)
        _mark_title(drafts / f"modules/{name}/task.py", like)
        _fill_in("new_task_page.txt", drafts / page, name, like)
        _fill_in("new_task_test.txt", drafts / test / f"test_{name}.py", name, like)
        _format(drafts)
        placed: list[Path] = []
        try:
            for path in targets:
                os.rename(drafts / path, root / path)
                placed.append(root / path)
            _check_loads(name, root)
            lint = _lint(root, targets)
        except BaseException:
            for path in reversed(placed):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            raise
    return NewTask(name=name, paths=tuple(reversed(targets)), lint=lint)


def rewrite_names(text: str, old: str, new: str) -> str:
    """Writes a task's new name wherever a text has the old one; addresses stay as they are.

    Args:
        text: Such as a module's source.
        old: The task's name, of words joined by `_`.
        new: Another such name.
    """
    old_class, new_class = _class_name(old), _class_name(new)
    # `test_name_gender` and `NameGenderServable` hold the name; `rename_gender` does not.
    spelled = re.compile(
        rf"https?://\S+|(?<![A-Za-z0-9])(?:{old}(?![A-Za-z0-9])|{old_class}(?=[A-Z]))"
    )
    spellings = {old: new, old_class: new_class}
    return spelled.sub(lambda found: spellings.get(found[0], found[0]), text)


def _class_name(name: str) -> str:
    return "".join(map(str.capitalize, name.split("_")))


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise WrongUsage(f"{name!r} cannot be the name of a task: {_NAME_RULE}")


def _check_checkout(root: Path) -> None:
    missing = [place for place in _CHECKOUT_HAS if not (root / place).exists()]
    why = f"has no {missing[0]}" if missing else "cannot be written to"
    if missing or not os.access(root, os.W_OK):
        raise LianxiError(
            f"a new task is written to a checkout of Lianxi, and {root} {why}; "
            "clone the repository, run `make develop` in it, and use its .venv/bin/lianxi"
        )


def _copy(source: Path, target: Path, old: str, new: str) -> None:
    """Copies a file, or a folder with all that is in it, rewriting names and contents."""
    if source.is_dir():
        target.mkdir(parents=True)
        for path in sorted(source.iterdir()):
            if not path.name.startswith((".", "__pycache__")):
                _copy(path, target / rewrite_names(path.name, old, new), old, new)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix in _REWRITTEN:
        text = rewrite_names(source.read_text(encoding="utf-8"), old, new)
        target.write_text(_shorten_summary(text, new), encoding="utf-8")
    else:
        shutil.copyfile(source, target)


def _shorten_summary(text: str, name: str) -> str:
    """Leaves the name out of a module's first line where that is too long with it."""
    summary, mark, rest = text.partition("\n")
    prefix = f'"""{name}: '
    if len(summary) <= _LINE or not summary.startswith(prefix):
        return text
    said = summary.removeprefix(prefix)
    return f'"""{said[0].upper()}{said[1:]}{mark}{rest}'


def _mark_title(path: Path, like: Task) -> None:
    """Says in the title that the task is a copy as yet."""
    title = f'title="{like.title}'
    marks = (f" (copy of {like.name})", " (a copy)")
    mark = next((mark for mark in marks if len(title + mark) < _LINE - _TITLE_INDENT), "")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(title, title + mark, 1), encoding="utf-8")


def _fill_in(template: str, path: Path, name: str, like: Task) -> None:
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    filled = Template(text).substitute(
        name=name,
        like=like.name,
        title=like.title,
        inputs=make_input_table(like.serving).rstrip(),
        outputs=make_output_table(like.serving).rstrip(),
    )
    path.write_text(filled, encoding="utf-8")


def _ruff() -> str | None:
    beside = Path(sys.executable).parent / "ruff"
    return str(beside) if beside.exists() else shutil.which("ruff")


def _format(folder: Path) -> None:
    """Puts imports and lines in order by ruff, where it is installed: the name has changed."""
    if ruff := _ruff():
        # Ruff looks for a module's file to tell that it is ours; it is not in its place yet.
        ours = ("--config", "lint.isort.known-first-party = ['modules']")
        _run(ruff, "check", "--fix", "--no-cache", "-q", *ours, str(folder), cwd=folder)
        _run(ruff, "format", "--no-cache", "-q", str(folder), cwd=folder)


def _lint(root: Path, paths: tuple[Path, ...]) -> str | None:
    """Says what ruff has still to say, such as of lines that a longer name made too long."""
    if ruff := _ruff():
        files = [str(path) for path in paths if path.suffix != ".md"]
        check = (ruff, "check", "--no-cache", "-q", "--output-format", "concise")
        return _run(*check, *files, cwd=root).stdout
    return None


def _check_loads(name: str, root: Path) -> None:
    process = _run(sys.executable, "-c", _LOAD, name, cwd=root, PYTHONPATH=str(root))
    if process.returncode:
        said = process.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise LianxiError(f"the copy could not be loaded, and was removed: {said[0]}")


def _run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    told = {**os.environ, **environment}
    return subprocess.run(command, cwd=cwd, env=told, capture_output=True, text=True, check=False)
