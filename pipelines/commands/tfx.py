"""`lianxi tfx`: TFX's own commands, with a Kubeflow that works."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

import click
from tfx.tools.cli import labels
from tfx.tools.cli.cli_main import cli_group
from tfx.tools.cli.handler import handler_factory
from tfx.tools.cli.handler.base_handler import BaseHandler

from modules.common.runtime.errors import LianxiError, WrongUsage
from pipelines import stopping
from pipelines.commands import tfx_help

# What TFX says where a command line is wrong, and not what it tells of.
_USAGE = re.compile(
    r"is not supported|Invalid pipeline path|Choose one using|format\.$|used without|flag was"
)


class _TfxGroup(click.Group):
    """Says what a person got wrong without a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SystemExit as stop:
            # TFX ends with a message in place of a code.
            if isinstance(stop.code, str):
                raise _error(stop.code) from stop
            raise
        except (click.exceptions.Exit, click.Abort):
            # Click's own way to end, after its help too; both are RuntimeErrors.
            raise
        except (NotImplementedError, RuntimeError, ValueError) as error:
            raise _error(str(error)) from error


def _error(message: str) -> LianxiError:
    """Gives TFX's own sentence as an error, of wrong usage where it is one."""
    return WrongUsage(message) if _USAGE.search(message) else LianxiError(message)


@click.group(cls=_TfxGroup)
@click.pass_context
def command(ctx: click.Context) -> None:
    r"""TFX's own commands: its pipelines, their runs, and their engines.

    The same as `tfx …`, but that `--engine kubeflow`, which is also the default, speaks to Kubeflow
    Pipelines 2. What TFX's command line has no option for comes from variables: LIANXI_DATA,
    LIANXI_KUBEFLOW_CONFIG (see `lianxi compile --help`), KF_PIPELINES_ENDPOINT, LIANXI_KFP_TOKEN.

    \b
    lianxi tfx pipeline create --pipeline_path pipelines/name_gender.py --endpoint http://localhost:8888
    lianxi tfx run create --pipeline_name name_gender --endpoint http://localhost:8888
    lianxi tfx run status --pipeline_name name_gender --run_id ID --endpoint http://localhost:8888
    """
    stopping.note_kept("What TFX and its server did before stands.")
    ctx.with_resource(_working_handlers())


for _group in cli_group.commands.values():
    command.add_command(tfx_help.explain_errors(_group))


@contextlib.contextmanager
def _working_handlers() -> Iterator[None]:
    """Gives TFX's one factory our handler of Kubeflow, and the `pip` of this Python.

    The factory looks for packages with whatever `pip` is found first.
    """
    original = handler_factory.create_handler
    path = os.environ.get("PATH", "")

    def create_handler(flags: dict[str, Any]) -> BaseHandler:
        if flags[labels.ENGINE_FLAG] not in (labels.KUBEFLOW_ENGINE, "auto"):
            return original(flags)
        from kubeflow.client.handler import KubeflowHandler

        flags[labels.ENGINE_FLAG] = labels.KUBEFLOW_ENGINE
        return KubeflowHandler(flags)

    handler_factory.create_handler = create_handler
    os.environ["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), path])
    try:
        yield
    finally:
        handler_factory.create_handler = original
        os.environ["PATH"] = path
