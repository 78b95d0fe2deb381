"""Groups of commands of which one is meant where none is named: `lianxi runs` lists runs."""

from __future__ import annotations

import click

_HELP = ("-h", "--help")


def with_marks(text: str | None) -> str | None:
    r"""Makes click's mark for lines that stay as they are of its spelling in a raw docstring.

    Args:
        text: A docstring with `\b` in it.
    """
    return text.replace("\\b\n", "\b\n") if text else text


class DefaultGroup(click.Group):
    """A group whose command `list` is meant where the line names none.

    Options may stand before the command's name: `lianxi runs --env smoke show @-1`.
    """

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Adds a command, whose help is as its docstring has it."""
        cmd.help = with_marks(cmd.help)
        super().add_command(cmd, name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the command's name first."""
        if not (args and args[0] in _HELP):
            place = self._find_command(args)
            if place is None:
                args = [self.choose(args), *args]
            else:
                args = [args[place], *args[:place], *args[place + 1 :]]
        return super().parse_args(ctx, args)

    def _find_command(self, args: list[str]) -> int | None:
        """Finds the command's name, which may also be the value of an option before it."""
        valued = {
            name
            for command in self.commands.values()
            for option in command.params
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        before = ["", *args]
        return next(
            (i for i, word in enumerate(args) if word in self.commands and before[i] not in valued),
            None,
        )

    def choose(self, args: list[str]) -> str:
        """Says which command a line means that names none."""
        return "list"
