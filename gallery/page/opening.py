"""Opens the gallery: finds the models, builds the page and serves it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from contextlib import contextmanager

from gallery.page.host import make_app, prepare, running_page

# Before Gradio is imported.
prepare()

from gallery.page.asking import Desk  # noqa: E402
from gallery.page.history import Measured, Runs, find_report  # noqa: E402
from gallery.page.page import ExtraTab, build_page, say_nothing  # noqa: E402
from gallery.page.served import OthersModels, OwnModels, running  # noqa: E402
from gallery.page.versions import Versions  # noqa: E402
from pipelines.environment import Environment  # noqa: E402
from pipelines.ports import is_loopback  # noqa: E402


@contextmanager
def opened_gallery(
    env: Environment, server: str | None, host: str = "127.0.0.1", port: int = 0
) -> Iterator[str]:
    """Serves the gallery inside the block.

    Args:
        env: Where models were pushed to.
        server: Address of the server to ask; `None` for one of our own.
        host: Address of the page.
        port: Its port; 0 for any that is free.

    Yields:
        The page's address.

    Raises:
        LianxiError: If there is no model, no server, or the page cannot be served.
    """
    with contextlib.ExitStack() as stack:
        models: OwnModels | OthersModels
        if server is None:
            models = stack.enter_context(running(OwnModels(env)))
        else:
            models = OthersModels(server)
        desk = Desk(models)
        stack.callback(desk.close)
        extra: tuple[ExtraTab, ...] = ()
        if server is None:
            extra = (
                ExtraTab("Runs", Runs(env).build),
                ExtraTab("Models", Versions(env).build),
            )
        measured = Measured(env) if server is None else say_nothing
        page = build_page(desk, measured, extra)
        app = make_app(page, is_loopback(host), functools.partial(find_report, env))
        yield stack.enter_context(running_page(app, host, port))
