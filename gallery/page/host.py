"""Runs the page on this machine until it is told to stop."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from gallery.page.files import FOLDER_VARIABLE
from gallery.page.offline import MAX_UPLOAD_MB, OfflineApp, keep_libraries_quiet
from modules.common.runtime.errors import LianxiError

if TYPE_CHECKING:
    import gradio as gr

_START_TIMEOUT_S = 60.0
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def prepare() -> None:
    """Sets what Gradio reads when it is imported, its folder for files among it."""
    keep_libraries_quiet()
    folder = Path(tempfile.gettempdir()) / "gradio"
    os.environ[FOLDER_VARIABLE] = str(folder)


def make_app(
    page: gr.Blocks,
    is_loopback: bool = True,
    find_report: Callable[[str], Path | None] = lambda name: None,
) -> Any:
    """Makes the ASGI application of a page.

    Args:
        page: From `build_page`.
        is_loopback: Whether only this machine reaches it.
        find_report: Finds the report of a run by the run's name.
    """
    import fastapi
    import gradio as gr

    from gallery.page.page import FRAME, STYLE, make_theme

    outer = fastapi.FastAPI(openapi_url=None)

    @outer.get("/reports/{name}")
    def show_report(name: str) -> Response:
        path = find_report(name)
        if path is None:
            return PlainTextResponse(f"{name} has no report here", 404)
        # What a run wrote is only looked at: it may do nothing on this page.
        return HTMLResponse(path.read_bytes(), headers={"content-security-policy": "sandbox"})

    app = gr.mount_gradio_app(
        outer,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        show_error=True,
        max_file_size=f"{MAX_UPLOAD_MB}mb",
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        theme=make_theme(),
        css_paths=STYLE,
        head=FRAME,
    )
    return OfflineApp(app, _LOOPBACK if is_loopback else ())


@contextmanager
def running_page(app: Any, host: str, port: int) -> Iterator[str]:
    """Serves a page inside the block.

    Args:
        app: From `make_app`.
        host: Address to listen at.
        port: Port; 0 for any that is free.

    Yields:
        The page's address.

    Raises:
        LianxiError: If it does not come up.
    """
    import uvicorn

    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        end_s = time.monotonic() + _START_TIMEOUT_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > end_s:
                raise LianxiError(f"the page cannot be served at port {port} of {host}")
            time.sleep(0.02)
        [first, *_] = server.servers
        port = first.sockets[0].getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{port}/"
    finally:
        # Pages that are open listen for ever; nobody waits for them, nor reads how they were cut.
        log = logging.getLogger("uvicorn.error")
        log.disabled = True
        server.should_exit = server.force_exit = True
        thread.join(timeout=5)
        log.disabled = False
