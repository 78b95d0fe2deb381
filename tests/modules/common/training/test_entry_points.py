"""What TFX calls is made of the parts of a task, and the search trains as the training does."""

from __future__ import annotations

from typing import Any

import pytest
from tfx.utils import import_utils

from modules.common.declaring.registry import load_task, task_names
from modules.common.export.saved_model import Servable
from modules.common.training import loop, tuning
from modules.common.training.entry_points import entry_points

_TASK = load_task("name_gender")


def test_training_and_search_get_the_same_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    def build_model(*_: Any) -> Any: ...
    def augment(*_: Any) -> Any: ...
    def report(*_: Any) -> Any: ...

    called: list[tuple[Any, ...]] = []
    monkeypatch.setattr(loop, "run", lambda *given: called.append(given))
    monkeypatch.setattr(tuning, "tune", lambda *given: called.append(given) or "found")
    run_fn, tuner_fn = entry_points(_TASK, build_model, Servable, augment=augment, report=report)
    assert (run_fn("told"), tuner_fn("asked")) == (None, "found")
    assert called == [
        ("told", _TASK, build_model, Servable, augment, report),
        ("asked", _TASK, build_model, augment),
    ]


@pytest.mark.parametrize("name", task_names())
def test_tfx_finds_a_search_where_a_task_declares_one(name: str) -> None:
    path = f"modules.{name}.trainer"
    assert callable(import_utils.import_func_from_module(path, "run_fn"))
    if load_task(name).search:
        assert callable(import_utils.import_func_from_module(path, "tuner_fn"))
    else:
        with pytest.raises(AttributeError):
            import_utils.import_func_from_module(path, "tuner_fn")
