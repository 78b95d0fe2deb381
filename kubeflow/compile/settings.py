"""Reads plain values, as YAML gives them, into frozen records, strictly; says what is wrong.

pydantic checks them. It is imported by what compiles alone, beside which its quarter of a second
is nothing: neither steps nor the command line load it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import (
    AllowInfNan,
    BeforeValidator,
    ConfigDict,
    Strict,
    StrictBool,
    StrictStr,
    TypeAdapter,
    ValidationError,
)

from modules.common.runtime.errors import WrongUsage, did_you_mean

Record = TypeVar("Record")
Entry = TypeVar("Entry")


class ConfigError(WrongUsage):
    """A setting of the cluster is not what it must be."""


def _read_digits(value: Any) -> Any:
    """Takes digits for a number, as variables and the command line give them."""
    is_number = isinstance(value, str) and value.strip().removeprefix("-").isdecimal()
    return int(value) if is_number else value


def _take_nothing_for(empty: Any) -> Callable[[Any], Any]:
    """Has a setting without a value, as where all below it is commented out, be an empty one."""
    return lambda value: empty if value is None else value


STRICT = ConfigDict(extra="forbid")
"""For records: a setting that does not exist is a mistake."""
Text = StrictStr
Switch = StrictBool
Number = Annotated[float, Strict(), AllowInfNan(False)]
WholeNumber = Annotated[int, Strict(), BeforeValidator(_read_digits)]
Entries = Annotated[tuple[Entry, ...], BeforeValidator(_take_nothing_for(()))]
ByName = Annotated[Mapping[StrictStr, Entry], BeforeValidator(_take_nothing_for({}))]

_WORDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a number that is finite",
    "bool_type": "true or false",
}
_SHAPES = {
    "dataclass_type": "expected settings, `name: value`",
    "mapping_type": "expected `name: value`",
    "dict_type": "expected `name: value`",
    "tuple_type": "expected a list, `[a, b]`",
}
# What pydantic puts behind the name that is wrong itself.
_KEY = "[key]"


def read_record(record: type[Record], values: Any, where: str) -> Record:
    """Makes one record.

    Args:
        record: A dataclass of pydantic's, of the types above and of further such records.
        values: Values by name, as YAML gives them.
        where: Names the place in error messages.

    Raises:
        ConfigError: For settings that do not exist, are missing, or of a wrong type: all of them.
    """
    try:
        return TypeAdapter(record).validate_python(values)
    except ValidationError as error:
        first, *others = (_explain(record, each) for each in error.errors(include_url=False))
        raise ConfigError("; ".join([where + first, *map(_as_further, others)])) from None


def _explain(record: type, error: Mapping[str, Any]) -> str:
    """Words one of pydantic's errors, to go behind the name of the whole: where in it, what."""
    path, kind, found = tuple(error["loc"]), error["type"], error["input"]
    if path[-1:] == (_KEY,):
        return f"{_place(path[:-2])}: the name {found!r} must be text; put it in quotes"
    if kind in _WORDS:
        is_plain = found is not None and not isinstance(found, Mapping | Sequence)
        hint = "; put it in quotes" if kind == "string_type" and is_plain else ""
        return f"{_place(path)} must be {_WORDS[kind]}, found {found!r}{hint}"
    if kind in _SHAPES:
        return f"{_place(path)}: {_SHAPES[kind]}, found {found!r}"
    parent, name = path[:-1], str(path[-1]) if path else ""
    if kind == "missing":
        return f"{_place(parent)} lacks {name}"
    if kind in ("unexpected_keyword_argument", "invalid_key"):
        known = [entry.name for entry in dataclasses.fields(_type_at(record, parent))]
        return f"{_place(parent)} has no setting {name!r}; {did_you_mean(name, known)}"
    return f"{_place(path)}: {error['msg']}, found {found!r}"


def _as_further(told: str) -> str:
    """Words what goes behind the name of the whole for where it was named before."""
    return told.removeprefix(": ") if told.startswith(": ") else f"it{told}"


def _place(path: Sequence[Any]) -> str:
    """Words a place below the whole: `: volumes, entry 1`; nothing for the whole itself."""
    words = [f"entry {part + 1}" if type(part) is int else str(part) for part in path]
    return ": " + ", ".join(words) if words else ""


def _type_at(record: type, path: Sequence[Any]) -> Any:
    """Finds the record of a place, through names, entries and fields."""
    found: Any = record
    for part in path:
        if get_origin(found) is None:
            found = get_type_hints(found)[str(part)]
        else:
            # A mapping has its values' type last, a tuple of any length has it first.
            key_or_entry, value_or_dots = get_args(found)
            found = key_or_entry if value_or_dots is ... else value_or_dots
    return found
