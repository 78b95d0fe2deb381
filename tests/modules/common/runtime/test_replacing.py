"""What is replaced is as before afterwards, whatever happens."""

from __future__ import annotations

import types

import pytest

from modules.common.runtime.replacing import replace_attribute


class Base:
    @staticmethod
    def say() -> str:
        return "base"


class Derived(Base):
    pass


def test_a_module_has_it_inside_only() -> None:
    module = types.ModuleType("module")
    module.value = before = object()  # type: ignore[attr-defined]
    with replace_attribute(module, "value", 1):
        with replace_attribute(module, "value", 2):
            assert module.value == 2
        assert module.value == 1
    assert module.value is before


def test_after_an_error_too() -> None:
    module = types.ModuleType("module")
    module.value = 1  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="inside"), replace_attribute(module, "value", 2):
        raise RuntimeError("inside")
    assert module.value == 1


def test_a_static_method_stays_one_and_an_inherited_one_inherited() -> None:
    with replace_attribute(Derived, "say", lambda self: "replaced"):
        assert (Derived().say(), Base().say()) == ("replaced", "base")
    assert "say" not in vars(Derived) and Derived().say() == "base"
    with replace_attribute(Base, "say", staticmethod(lambda: "replaced")):
        assert Derived().say() == "replaced"
    assert isinstance(vars(Base)["say"], staticmethod) and Base().say() == "base"


def test_what_is_not_there_cannot_be_replaced() -> None:
    with pytest.raises(AttributeError, match="renamed"), replace_attribute(Base, "renamed", 1):
        pass
    assert not hasattr(Base, "renamed")
