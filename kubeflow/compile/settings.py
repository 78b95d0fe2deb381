"""Reads plain values, as YAML gives them, into frozen dataclasses, strictly."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from modules.common.runtime.errors import WrongUsage, did_you_mean

Record = TypeVar("Record")

_WORDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false"}


class ConfigError(WrongUsage):
    """A setting of the cluster is not what it must be."""


def check_keys(record: type, settings: Any, where: str) -> None:
    """Makes sure that all settings exist.

    Args:
        record: Dataclass whose fields they are.
        settings: Values by name.
        where: Names the place in error messages.

    Raises:
        ConfigError: With the name that was probably meant.
    """
    if not isinstance(settings, Mapping):
        raise ConfigError(f"{where}: expected settings, `name: value`, found {settings!r}")
    known = [entry.name for entry in dataclasses.fields(record)]
    for name in settings:
        if name not in known:
            raise ConfigError(f"{where} has no setting {name!r}; {did_you_mean(str(name), known)}")


def read_value(record: type[Record], settings: Any, where: str) -> Record:
    """Makes one record.

    Args:
        record: A dataclass of text, numbers, truth values and mappings of text.
        settings: Values by name.
        where: Names the place in error messages.

    Raises:
        ConfigError: For a setting that does not exist, is missing, or of a wrong type.
    """
    check_keys(record, settings, where)
    fields = dataclasses.fields(record)  # type: ignore[arg-type]
    values = {
        entry.name: _typed(str(entry.type), settings[entry.name], f"{where}: {entry.name}")
        for entry in fields
        if entry.name in settings
    }
    missing = [
        entry.name
        for entry in fields
        if entry.name not in values
        and entry.default is dataclasses.MISSING
        and entry.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(f"{where} lacks {', '.join(missing)}")
    return record(**values)


def read_records(record: type[Record], settings: Any, where: str) -> tuple[Record, ...]:
    """Makes a record of each entry of a list.

    Args:
        record: As for `read_value`.
        settings: A list of values by name, or nothing.
        where: Names the place in error messages.

    Raises:
        ConfigError: As `read_value`, or where it is no list.
    """
    if not isinstance(settings or [], list | tuple):
        raise ConfigError(f"{where}: expected a list, found {settings!r}")
    return tuple(
        read_value(record, entry, f"{where}, entry {number}")
        for number, entry in enumerate(settings or [], start=1)
    )


def read_mapping(settings: Any, where: str, of_text: bool = True) -> dict[str, Any]:
    """Makes values by name.

    Args:
        settings: Such values, or nothing.
        where: Names the place in error messages.
        of_text: Whether the values must be text.

    Raises:
        ConfigError: Where it is something else.
    """
    if not isinstance(settings or {}, Mapping):
        raise ConfigError(f"{where}: expected `name: value`, found {settings!r}")
    return {
        str(name): _typed("str", value, f"{where}, {name}") if of_text else value
        for name, value in (settings or {}).items()
    }


def read_by_step(
    settings: Any, where: str, read: Callable[[Any, str], Record]
) -> dict[str, Record]:
    """Makes something for each step that is named.

    Args:
        settings: Values by the names of steps, or nothing.
        where: Names the place in error messages.
        read: Makes it of a value and the value's place.

    Raises:
        ConfigError: As `read` does, or where it is no mapping.
    """
    entries = read_mapping(settings, where, of_text=False)
    return {step: read(entry, f"{where}, {step}") for step, entry in entries.items()}


def read_number(value: Any, where: str) -> float:
    """Makes a number.

    Args:
        value: A number, whole or not.
        where: Names the place in error messages.

    Raises:
        ConfigError: Where it is something else.
    """
    return float(_typed("float", value, where))


def read_texts(settings: Any, where: str) -> tuple[str, ...]:
    """Makes several texts.

    Args:
        settings: A list of them, or nothing.
        where: Names the place in error messages.

    Raises:
        ConfigError: Where it is something else.
    """
    if not isinstance(settings or [], list | tuple):
        raise ConfigError(f"{where}: expected a list, `[a, b]`, found {settings!r}")
    return tuple(
        _typed("str", entry, f"{where}, entry {number}")
        for number, entry in enumerate(settings or [], start=1)
    )


def _typed(kind: str, value: Any, where: str) -> Any:
    """Makes sure of the type that a field is declared with."""
    if kind.startswith("Mapping"):
        return read_mapping(value, where)
    found = type(value).__name__
    if kind == "float" and found == "int":
        return float(value)
    if kind == "int" and isinstance(value, str) and value.strip().lstrip("-").isdigit():
        return int(value)
    if found != kind:
        hint = "; put it in quotes" if kind == "str" and value is not None else ""
        raise ConfigError(f"{where} must be {_WORDS[kind]}, found {value!r}{hint}")
    return value
