"""Classes of settings: what they inherit, what makes one impossible, who is told what."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from sample_settings import Base, Derived, of

from modules.common.declaring import settings as declaring
from modules.common.declaring.settings import (
    DATA,
    SAMPLE,
    list_settings,
    setting,
)
from modules.common.declaring.training_settings import DropoutSettings
from modules.common.runtime.errors import SettingError, TaskError


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
    names = [each.name for each in list_settings(Derived)]
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
