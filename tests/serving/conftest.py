"""Servers over tiny models, for all that is tested of the server."""

from tiny_server import (
    connect,
    fails,
    publish,
    serve,
    serve_apart,
    shared_root,
    shared_server,
    stubs,
    templates,
    until,
)

__all__ = [
    "connect",
    "fails",
    "publish",
    "serve",
    "serve_apart",
    "shared_root",
    "shared_server",
    "stubs",
    "templates",
    "until",
]
