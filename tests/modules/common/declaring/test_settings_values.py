"""Instances of settings: what values they take, what is told of them, and what comes back."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from sample_settings import Base, Derived

from modules.common.declaring import settings as declaring
from modules.common.declaring.registry import all_tasks
from modules.common.declaring.settings import (
    DATA,
    SAMPLE,
    as_dict,
    change,
    list_settings,
    names_told,
    resolve,
    restore,
    setting,
    tell,
)
from modules.common.declaring.task import Task
from modules.common.runtime.errors import SettingError


def test_an_instance_is_checked_and_cannot_be_changed() -> None:
    settings = Derived(rate="0.5", count="7", on="false")
    assert (settings.rate, settings.count, settings.on) == (0.5, 7, False)
    for name in ("rate", "mode", "nothing"):
        with pytest.raises(AttributeError):
            setattr(settings, name, 0.5)
    with pytest.raises(TypeError):
        Derived(nothing=3)
    with pytest.raises(TypeError):
        Derived(3)


def test_values_that_do_not_go_together_are_refused_wherever_they_meet() -> None:
    said = "count takes 10 or less where on is False, found 11"
    with pytest.raises(SettingError, match=said):
        Derived(count=11, on=False)
    with pytest.raises(SettingError, match=said):
        resolve(Derived, {"count": "11", "on": "false"})
    with pytest.raises(SettingError, match=said):
        change(Derived(on=False), count=11)
    with pytest.raises(SettingError, match=said):
        restore(Derived, as_dict(Derived()) | {"count": 11, "on": False})


def test_smoke_lies_over_the_defaults_and_what_is_given_over_both() -> None:
    assert as_dict(resolve(Derived, {})) == as_dict(Derived())
    tiny = resolve(Derived, {"rate": "0.5"}, smoke=True)
    assert (tiny.rate, tiny.count, tiny.on) == (0.5, 1, True)
    assert resolve(Derived, {"count": 4}, smoke=True).count == 4


def test_a_smoke_run_may_take_nothing_of_something() -> None:
    class Nothing(declaring.Settings):
        dropout: float = setting(0.5, smoke=0.0, doc="Share.")
        steps: int = setting(3, smoke=0, doc="How many.")
        mirrored: bool = setting(True, smoke=False, doc="Whether.")
        weights: str = setting("a", smoke="", doc="Which.")

    assert as_dict(resolve(Nothing, {}, smoke=True)) == {
        "seed": 0,
        "dropout": 0.0,
        "steps": 0,
        "mirrored": False,
        "weights": "",
    }


def test_readers_are_told_what_they_read_and_nothing_else() -> None:
    settings = Derived(seed=7, rate=0.5, count=2)
    assert names_told(Derived, DATA) == ("rate", "count")
    assert as_dict(tell(settings, DATA)) == {"rate": 0.5, "count": 2}
    # All makers of samples are told the seed.
    assert as_dict(tell(settings, SAMPLE)) == {"seed": 7, "mode": "a", "count": 2}
    assert as_dict(settings) == {
        "seed": 7, "rate": 0.5, "mode": "a", "weights": "", "on": True, "count": 2
    }  # fmt: skip


def test_what_is_not_told_is_an_error_that_says_why() -> None:
    told = tell(Derived(), DATA)
    with pytest.raises(AttributeError, match="on is read here but not told: declare it with reads"):
        _ = told.on
    with pytest.raises(AttributeError, match=f"{Derived.__module__} has no setting 'nothing'"):
        _ = told.nothing
    with pytest.raises(AttributeError, match="has no setting 'nothing'"):
        _ = Derived().nothing
    # Not what another default would be.
    assert not hasattr(told, "on") and getattr(told, "on", "untold") == "untold"


@pytest.mark.parametrize("settings", [Derived(rate=0.5), tell(Derived(rate=0.5), DATA)])
def test_they_come_back_from_text_and_from_other_processes(settings: Derived) -> None:
    back = restore(Derived, as_dict(settings))
    assert type(back) is Derived and back == settings
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert copy.deepcopy(settings) == settings
    assert hash(back) == hash(settings)


def test_those_with_other_values_or_of_another_class_are_not_the_same() -> None:
    assert Derived() != Derived(seed=1)
    assert tell(Derived(), DATA) != Derived()
    assert tell(Derived(), DATA) == tell(Derived(seed=1), DATA)

    class Same(Base):
        pass

    assert as_dict(Same()) == as_dict(Base()) and Same() != Base()


def test_what_comes_back_is_checked() -> None:
    with pytest.raises(SettingError, match="count takes a whole number, 1 or more, found 0"):
        restore(Derived, {"count": 0})
    with pytest.raises(SettingError, match="no setting 'coun'; did you mean 'count'"):
        restore(Derived, {"coun": 1})
    assert as_dict(restore(Derived, {"count": "3"})) == {"count": 3}


def test_a_changed_value_is_checked_and_the_others_stay() -> None:
    before = Derived(rate=0.5, seed=3)
    after = change(before, count=9)
    assert as_dict(after) == as_dict(before) | {"count": 9} and before.count == 3
    told = change(tell(before, DATA), count=9)
    assert as_dict(told) == {"rate": 0.5, "count": 9}
    for values in ({"count": 0}, {"nothing": 1}):
        with pytest.raises(SettingError):
            change(before, **values)


def test_they_print_what_they_hold() -> None:
    assert repr(tell(Derived(), DATA)) == "Settings(rate=0.75, count=3)"


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_every_setting_of_a_task_is_described_in_a_sentence(task: Task) -> None:
    assert len(task.declared) > len(list_settings(declaring.Settings))
    for each in task.declared:
        assert each.doc.endswith(".") and len(each.doc) <= 200, each.name
        assert each.doc[0].isupper(), each.name


def test_a_file_that_has_gone_since_is_no_matter_to_what_it_made(tmp_path: Path) -> None:
    weights = tmp_path / "weights.h5"
    weights.touch()
    kept = as_dict(Derived(weights=str(weights)))
    weights.unlink()
    restored = restore(Derived, kept)
    assert restored.weights == str(weights)
    assert change(restored, count=5).count == 5
    with pytest.raises(SettingError, match="weights takes the path of a file"):
        change(restored, weights=str(weights))
    with pytest.raises(SettingError, match="count takes 10 or less where on is False"):
        restore(Derived, kept | {"count": 11, "on": False})
    with pytest.raises(SettingError, match="count takes 10 or less where on is False"):
        change(restored, count=11, on=False)
