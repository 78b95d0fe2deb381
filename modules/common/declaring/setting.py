"""One setting, whole: its type, default, bounds, description, and who is told it."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modules.common.declaring.bounds import Bounds
from modules.common.declaring.features import TRUTH, Value
from modules.common.runtime.errors import SettingError

NOT_SAID: Any = object()
"""Stands for what a declaration leaves to the base class."""

_KINDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
}
_BOUNDS = ("at_least", "above", "at_most", "below")


class Reader(enum.Flag):
    """Who is told a setting, besides training, which is told all.

    What reading is not told may change without the data being read again.
    """

    TRAINING = 0
    DATA = enum.auto()
    """What reads raw data, and Transform."""
    SAMPLE = enum.auto()
    """What makes sample data as files."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting.

    Attributes:
        name: Of the attribute, and of the option.
        type: `bool`, `int`, `float` or `str`.
        default: What it is where nobody says otherwise.
        doc: What it does, with its unit, for a person: a sentence.
        reads: Who is told it, besides training.
        smoke: What it is in a smoke run; None where that takes the default.
        search: Values that a Tuner chooses from.
        choices: The values that it may take, where they are few.
        bounds: Of a number.
        is_file: Whether it is the path of a file, or empty: the file must be there, and a run
            notices when its contents change.
    """

    name: str
    type: type
    default: Value
    doc: str
    reads: Reader = Reader.TRAINING
    smoke: Value | None = None
    search: tuple[Value, ...] = ()
    choices: tuple[Value, ...] = ()
    bounds: Bounds = Bounds()
    is_file: bool = False

    @property
    def expected(self) -> str:
        """What it takes, in words: `a whole number, 1 or more`, `one of ctc, position`."""
        if self.choices:
            return _name_choices(self.choices)
        if self.is_file:
            return "the path of a file, or nothing"
        return ", ".join(filter(None, (_KINDS[self.type], self.bounds.words)))

    def parse(self, value: Any) -> Value:
        """Reads a value as the setting's type, and checks it; a file must be there.

        Args:
            value: Of the setting's type, or its text.

        Raises:
            SettingError: Says what is expected, and what was found.
        """
        parsed = self.read(value)
        if self.is_file:
            _check_file(self.name, str(parsed))
        return parsed

    def read(self, value: Any) -> Value:
        """Does what `parse` does, but looks for no file: where it was needed, it was there.

        Args:
            value: As `parse`.

        Raises:
            SettingError: As `parse`.
        """
        refusal = SettingError(f"{self.name} takes {self.expected}, found {value!r}")
        try:
            parsed = _read(value, self.type)
        except (KeyError, ValueError) as error:
            raise refusal from error
        if not self._allows(parsed):
            raise refusal
        return parsed

    def _allows(self, value: Value) -> bool:
        if self.choices:
            return value in self.choices
        return isinstance(value, str | bool) or self.bounds.holds(value)


class SettingSpec(dict[str, Any]):
    """What a declaration says of a setting, before what base classes say is added."""

    def complete(self, name: str, type_: Any, default: Any, base: Setting | None) -> Setting:
        """Makes the setting.

        Args:
            name: Its name.
            type_: Its annotation.
            default: Its default.
            base: The same setting of a base class.

        Raises:
            ValueError: If it lacks a description, its bounds exclude each other or are of no
                number, or its default, its smoke value, a choice or a value to search is not of
                its type.
            SettingError: If its default, smoke value or a value to search is not one that it takes.
        """
        if type_ not in _KINDS:
            raise ValueError(f"its type must be bool, int, float or str, found {type_!r}")
        said = {bound: self[bound] for bound in _BOUNDS if bound in self}
        rest = {key: value for key, value in self.items() if key not in _BOUNDS}
        if base:
            # Neither a smoke value nor a search of the base class is the derived one's.
            inherited = ("doc", "choices", "reads", "is_file")
            rest = {key: getattr(base, key) for key in inherited} | rest
        if not rest.get("doc"):
            raise ValueError('it has no description: say doc="..."')
        for many in ("search", "choices"):
            rest[many] = tuple(rest.get(many, ()))
        bounds = Bounds(**said) if said or not base else base.bounds
        bounds.check_order("it")
        made = Setting(name=name, type=type_, default=default, bounds=bounds, **rest)
        if said and type_ not in (int, float):
            raise ValueError(f"it has bounds, and is {_KINDS[type_]}, not a number")
        smoke = () if made.smoke is None else (made.smoke,)
        for value in (default, *smoke, *made.search, *made.choices):
            if type(value) is not type_ and not (type_ is float and type(value) is int):
                raise ValueError(f"{value!r} is not of its type, {type_.__name__}")
            made.parse(value)
        return made


def _read(value: Any, type_: type) -> Value:
    """Reads a text, or a value of the type; a whole number is a number too."""
    if type_ is bool:
        return TRUTH[str(value).strip().lower()]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(value)
    if isinstance(value, str) and type_ is str:
        return value
    read: Value = type_(str(value))
    return read


def _name_choices(choices: Sequence[Value]) -> str:
    first = choices[0]
    if type(first) is int and len(choices) > 2:
        if list(choices) == list(range(first, first + len(choices))):
            return f"a whole number, {first} to {choices[-1]}"
    return f"one of {', '.join(map(str, choices))}"


def _check_file(name: str, path: str) -> None:
    is_remote = "://" in path
    if path and not is_remote and not Path(path).expanduser().is_file():
        raise SettingError(f"{name} takes the path of a file, found no file {path!r}")
