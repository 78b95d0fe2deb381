"""Classes of settings: what they inherit, what makes one impossible, who is told what."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from modules.common.declaring import settings as declaring
from modules.common.declaring.registry import all_tasks
from modules.common.declaring.setting import Setting
from modules.common.declaring.settings import (
    DATA,
    SAMPLE,
    as_dict,
    change,
    declared,
    names_told,
    resolve,
    restore,
    setting,
    tell,
)
from modules.common.declaring.task import Task
from modules.common.declaring.training_settings import DropoutSettings
from modules.common.runtime.errors import SettingError, TaskError


class Base(declaring.Settings):
    """What others derive from."""

    rate: float = setting(
        0.5, smoke=0.25, search=(0.25, 0.75), above=0, below=1, reads=DATA, doc="How fast."
    )
    mode: str = setting("a", choices=("a", "b"), reads=SAMPLE, doc="How.")
    weights: str = setting("", is_file=True, doc="Path of weights.")


class Derived(Base):
    """Says one again, and adds two."""

    on: bool = setting(True, doc="Whether it is on.")
    rate: float = setting(0.75)
    count: int = setting(3, smoke=1, at_least=1, reads=DATA | SAMPLE, doc="How many.")

    def check_together(self) -> None:
        """Refuses many that are not on."""
        if self.count > 10 and not self.on:
            raise SettingError(f"count takes 10 or less where on is False, found {self.count}")


def of(settings_class: type[declaring.Settings], name: str) -> Setting:
    [found] = [each for each in declared(settings_class) if each.name == name]
    return found


def test_what_is_not_said_again_is_as_in_the_base_class(tmp_path: Path) -> None:
    base, derived = of(Base, "rate"), of(Derived, "rate")
    assert (derived.doc, derived.bounds, derived.reads) == (base.doc, base.bounds, DATA)
    assert Derived().rate == 0.75 and Base().rate == 0.5
    with pytest.raises(
        SettingError, match="rate takes a number, more than 0, less than 1, found 1.0"
    ):
        Derived(rate=1.0)

    class Again(Derived):
        mode: str = setting("b")
        weights: str = setting("")

    assert Again().mode == "b" and of(Again, "mode").reads == SAMPLE
    for values in ({"mode": "c"}, {"weights": str(tmp_path)}):
        with pytest.raises(SettingError):
            Again(**values)


def test_what_smoke_runs_and_searches_take_is_no_other_default_s() -> None:
    assert (of(Base, "rate").smoke, of(Base, "rate").search) == (0.25, (0.25, 0.75))
    assert (of(Derived, "rate").smoke, of(Derived, "rate").search) == (None, ())

    class Untouched(Base):
        pass

    assert of(Untouched, "rate") == of(Base, "rate")


def test_what_is_said_again_replaces_what_the_base_class_says() -> None:
    class Other(Base):
        rate: float = setting(5.0, at_least=2, reads=SAMPLE, doc="How slowly.")
        mode: str = setting("c", choices=("c",))

    assert Other(rate=2.0).rate == 2.0 and of(Other, "rate").expected == "a number, 2 or more"
    assert (of(Other, "rate").doc, of(Other, "rate").reads) == ("How slowly.", SAMPLE)
    assert of(Other, "mode").choices == ("c",)
    assert Base().rate == 0.5


def test_settings_of_base_classes_come_first() -> None:
    names = [each.name for each in declared(Derived)]
    assert names == ["seed", "rate", "mode", "weights", "on", "count"]


def test_of_two_base_classes_the_nearer_one_counts() -> None:
    class One(Base):
        rate: float = setting(0.125, doc="How soon.")

    class Both(One, DropoutSettings, Derived):
        rate: float = setting(0.25)

    assert of(Both, "rate").doc == "How soon." and Both().rate == 0.25
    assert of(Both, "dropout").doc == of(DropoutSettings, "dropout").doc

    class Nearer(One, Derived):
        pass

    assert Nearer().rate == 0.125 and Nearer().count == 3


@pytest.mark.parametrize(
    ("type_", "made", "said"),
    [
        (int, setting(3), 'it has no description: say doc="..."'),
        (int, setting(3, doc=""), "it has no description"),
        (int, setting(0, at_least=1, doc="A."), "a whole number, 1 or more, found 0"),
        (int, setting(1, smoke=0, at_least=1, doc="A."), "1 or more, found 0"),
        (int, setting(1, search=(1, 2, 0), at_least=1, doc="A."), "1 or more, found 0"),
        (float, setting(float("nan"), doc="A."), "a number, found nan"),
        (float, setting(1.0, smoke=float("inf"), doc="A."), "a number, found inf"),
        (str, setting("c", choices=("a", "b"), doc="A."), "one of a, b, found 'c'"),
        (str, setting("a", smoke="c", choices=("a", "b"), doc="A."), "found 'c'"),
        (str, setting("nowhere", is_file=True, doc="A."), "found no file 'nowhere'"),
        (int, setting(1, at_least=0, above=0, doc="A."), "it says both at_least and above"),
        (str, setting("", at_least=1, doc="A."), "it has bounds, and is text, not a number"),
        (int, setting(3.0, doc="A."), "3.0 is not of its type, int"),
        (int, setting(True, doc="A."), "True is not of its type, int"),
        (int, setting("3", doc="A."), "'3' is not of its type, int"),
        (float, setting("3", doc="A."), "'3' is not of its type, float"),
        (str, setting(3, doc="A."), "3 is not of its type, str"),
        (int, setting(3, smoke=1.0, doc="A."), "1.0 is not of its type, int"),
        (int, setting(3, search=(1, "2"), doc="A."), "'2' is not of its type, int"),
        (int, setting(3, choices=(3, "4"), doc="A."), "'4' is not of its type, int"),
        (list, setting(3, doc="A."), "its type must be bool, int, float or str, found <class"),
    ],
)
def test_a_setting_that_is_not_valid_makes_the_class_impossible(
    type_: type, made: Any, said: str
) -> None:
    # A copy, since pytest may run a case again, and attrs gives each field to one class.
    body = {"it": copy.copy(made), "__annotations__": {"it": type_}, "__module__": __name__}
    with pytest.raises(TaskError) as caught:
        type("Invalid", (declaring.Settings,), body)
    assert str(caught.value).startswith(f"{__name__}: it is not valid: ") and said in str(
        caught.value
    )


def test_a_default_out_of_the_base_class_s_bounds_makes_the_class_impossible() -> None:
    for said in ({}, {"smoke": 1.5}, {"search": (0.5, 1.5)}):
        with pytest.raises(
            TaskError, match="rate takes a number, more than 0, less than 1, found 1.5"
        ):
            type(
                "Invalid",
                (Base,),
                {
                    "rate": setting(0.5 if said else 1.5, **said),  # type: ignore[arg-type]
                    "__annotations__": {"rate": float},
                    "__module__": __name__,
                },
            )


def test_a_value_that_is_no_setting_makes_the_class_impossible() -> None:
    with pytest.raises(TaskError, match=r"it must be declared by setting\(...\)"):

        class Plain(declaring.Settings):
            it: int = 3

    with pytest.raises(TaskError, match=r"it must be declared by setting\(...\)"):

        class Nothing(declaring.Settings):
            it: int

    with pytest.raises(TaskError, match="it must have a type"):

        class Untyped(declaring.Settings):
            it = setting(3, doc="A.")

    # Without a type nothing would read it, and the base class's default would hold.
    with pytest.raises(TaskError, match="rate must have a type"):

        class Ignored(Base):
            rate = 0.75


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
    with pytest.raises(AttributeError, match=f"{__name__} has no setting 'nothing'"):
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
    assert len(task.declared) > len(declared(declaring.Settings))
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
