"""Which command a line means, wherever its name stands."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from pipelines.commands.groups import DefaultGroup


@click.group(cls=DefaultGroup)
def things() -> None:
    """Things."""


@things.command("list")
@click.argument("name", default="")
@click.option("--root", default="")
def list_things(name: str, root: str) -> None:
    """List."""
    click.echo(f"list {name} {root}")


@things.command("open")
@click.argument("name")
@click.option("--root", default="")
@click.option("--quiet", is_flag=True)
def open_thing(name: str, root: str, quiet: bool) -> None:
    """Open."""
    click.echo(f"open {name} {root}")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "list  "),
        ("7", "list 7 "),
        ("--root here 7", "list 7 here"),
        ("--root open", "list  open"),
        ("--root list open 7", "open 7 list"),
        ("--root here open 7", "open 7 here"),
        ("open 7 --root list", "open 7 list"),
        ("--quiet open 7", "open 7 "),
    ],
)
def test_the_command_is_found(line: str, told: str) -> None:
    result = CliRunner().invoke(things, line.split())
    assert result.exit_code == 0, result.output
    assert result.output.rstrip("\n") == told
