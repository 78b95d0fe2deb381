"""Tests of pipelines have models that answer by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_server import publish, templates

from pipelines.environment import Environment, environment

__all__ = ["publish", "templates"]


@pytest.fixture
def env_of_two(tmp_path: Path, publish: Callable[..., Path]) -> Environment:
    """Where versions 1 and 2 of name_gender were pushed, which say so in their answers."""
    made = environment("local", str(tmp_path))
    for version in (1, 2):
        publish(Path(made.models_dir), "name_gender", version)
    return made
