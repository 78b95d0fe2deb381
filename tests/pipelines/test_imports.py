"""Imports of TFX: what nobody uses stays away, and comes to whoever asks for it afterwards."""

from __future__ import annotations

import gc
import subprocess
import sys
from types import ModuleType

import pytest

from pipelines.imports import importing

SCRIPT = """
import sys
from modules.common.runtime.stack import prepare_environment

prepare_environment()
from pipelines.imports import importing

with importing():
    from pipelines import builder, runner
unwanted = {"kubernetes", "nltk", "matplotlib", "google.cloud.bigquery"} & sys.modules.keys()
assert not unwanted, unwanted
import matplotlib.pyplot
from tfx.components.infra_validator.component import InfraValidator

assert InfraValidator is not None
"""


def test_a_pipeline_is_built_without_what_it_does_not_use() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=300)


def test_what_failed_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.imports._LEFT_OUT", {"left_out_here": "Name"})
    thresholds, finders = gc.get_threshold(), list(sys.meta_path)
    with pytest.raises(ModuleNotFoundError, match="not wanted"), importing():
        assert isinstance(sys.modules["left_out_here"], ModuleType)
        import google.cloud.bigquery._no_such_part  # type: ignore[import-not-found] # noqa: F401
    assert gc.isenabled() and gc.get_threshold() == thresholds
    assert "left_out_here" not in sys.modules and sys.meta_path == finders
