"""`lianxi gallery`: a page on this machine to try the pushed models."""

from __future__ import annotations

import contextlib
import threading
import webbrowser
from pathlib import Path

import click

from modules.common.runtime.errors import LianxiError
from modules.common.runtime.stack import quiet_imports
from pipelines import pushed, stopping
from pipelines.answering import is_address
from pipelines.commands.options import env_option, root_option
from pipelines.environment import environment
from pipelines.logs import logging_to, new_log_path
from pipelines.ports import check_free, is_loopback

PORT = 7860


@click.command()
@root_option
@env_option
@click.option("--server", metavar="HOST:PORT", help="Ask this server, not the last pushed models.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the page.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port of the page; 0 for any that is free.",
)
@click.option("--open/--no-browser", "opens", default=True, help="Open the page in a browser.")
def command(
    root: str | None, env_name: str, server: str | None, host: str, port: int, opens: bool
) -> None:
    r"""Open a page to try the pushed models in a browser.

    It has a tab for each task with a model, made of what the task declares, and asks a server of
    its own, or one that is running, so that it shows what clients get. Nothing that is given to it
    leaves this machine, and it fetches nothing from elsewhere.

    \b
    lianxi gallery
    lianxi gallery --env smoke --port 8080 --no-browser
    lianxi gallery --server localhost:8500
    """
    if server is not None and not is_address(server):
        raise click.UsageError(
            "--server takes HOST:PORT, such as localhost:8500, or http://localhost:8501 for REST, "
            f"found {server!r}"
        )
    env = environment(env_name, root)
    stopping.note_kept("The pushed models are as they were.")
    if server is None:
        pushed.check_any(env)
    check_free(host, {"--port": port}, "lianxi gallery")
    log = new_log_path(env.logs_dir, "gallery") if server is None else Path("/dev/null")
    with quiet_imports():
        try:
            from gallery.page.opening import opened_gallery
        except ModuleNotFoundError as error:
            raise LianxiError(
                f"the gallery needs {error.name}, which is not installed: pip install "
                "'lianxi[gallery]', or make setup"
            ) from error
    with contextlib.ExitStack() as stack:
        stderr = stack.enter_context(logging_to(log))
        url = stack.enter_context(opened_gallery(env, server, host, port))
        if env.smoke and server is None:
            print(f"note: {pushed.SMOKE_NOTE}", file=stderr)
        if not is_loopback(host):
            print(f"warning: other machines reach {host}, and anyone there may ask", file=stderr)
        click.echo(f"gallery: {url}")
        click.echo("stop with Ctrl-C")
        if opens:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        threading.Event().wait()
