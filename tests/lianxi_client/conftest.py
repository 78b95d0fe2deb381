"""Servers over tiny models, which the client asks."""

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
