"""`lianxi new`: writes a task of your own, as a copy of one that there is."""

from __future__ import annotations

import shutil

import click

from modules.common.declaring.task import Task
from pipelines import new_task
from pipelines.commands.options import TaskType

_ABOUT = {
    "modules": "the task: its declaration, model, answers and sample data",
    "pipelines": "its pipeline, for TFX's own commands",
    "schemas": "what its raw data must be like",
    "tests": "a first test of what is particular to it",
    "docs": "its page",
}


@click.command()
@click.argument("name")
@click.option(
    "--like",
    metavar="TASK",
    type=TaskType(),
    default="name_gender",
    show_default=True,
    help="The task to copy: one that reads or answers what yours will.",
)
def command(name: str, like: Task) -> None:
    r"""Write a new task called NAME, a copy of another one under that name.

    It trains, passes the conformance tests and can be served as it is; then change its files until
    it is yours. Tasks are found by walking `modules/`, so nothing else has to be edited. NAME says
    what goes in, then what comes out, in words of lower-case letters joined by `_`. Nothing that
    is there is written over. `lianxi list` shows what there is to copy, CONTRIBUTING.md which file
    says what.

    \b
    lianxi new review_sentiment --like name_gender      texts in tables
    lianxi new plate_ocr --like captcha_ocr             pictures with texts
    lianxi new leaf_disease --like image_retrain        pictures in folders of classes
    """
    task = new_task.write_task(name, like, new_task.CHECKOUT)
    click.echo(f"{name} is a copy of {like.name} as yet. In {new_task.CHECKOUT}:\n")
    width = max(len(str(path)) for path in task.paths)
    for path in task.paths:
        click.echo(f"  {path!s:<{width}}  {_ABOUT[path.parts[0]]}")
    click.echo("\nSee what it declares and that it runs, then begin with its task.py:\n")
    for line in _next_commands(name):
        click.echo(f"  {line}")
    if task.lint is None:
        click.echo("\nImports may be out of order: `make develop` installs ruff, which sorts them.")
    elif task.lint:
        click.echo(f"\nOf a name this long ruff says:\n\n{task.lint}".rstrip())


def _next_commands(name: str) -> tuple[str, ...]:
    """Three commands as a person in the checkout can enter them."""
    is_known = shutil.which("lianxi") is not None
    folder = ".venv/bin/"
    here = "" if is_known or not (new_task.CHECKOUT / folder).is_dir() else folder
    return (
        f"{here}lianxi list {name}",
        f"{here}lianxi run {name} --env smoke",
        f"{here}python -m pytest tests/conformance -k {name}",
    )
