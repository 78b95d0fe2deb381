"""Tests of pipelines have models that answer by hand."""

from tiny_server import publish, templates

__all__ = ["publish", "templates"]
