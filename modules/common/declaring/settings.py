"""Settings: attributes of a class, each with its type, default, bounds and description.

A task's settings are a class that derives from `Settings`, or from `TrainingSettings` where the
task trains:

    class Settings(TrainingSettings):
        epochs: int = setting(6)
        filters: int = setting(16, at_least=1, doc="Filters of the first convolution.")

A class is made by attrs, which is ten times as quick to import as pydantic: every command of
Lianxi imports it, and so do the processes that read data. A setting that a base class has takes
over whatever is not said again, so that `epochs` is described once for all tasks.

Values are checked when an instance is made; so an instance is valid, and is read without casts.
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import attrs
from typing_extensions import dataclass_transform

from modules.common.declaring.features import Value
from modules.common.declaring.setting import NOT_SAID, Reader, Setting, SettingSpec
from modules.common.runtime.errors import SettingError, TaskError, did_you_mean

_SETTING = "setting"
AnySettings = TypeVar("AnySettings", bound="Settings")


DATA, SAMPLE = Reader.DATA, Reader.SAMPLE


def setting(
    default: Value,
    *,
    doc: str = NOT_SAID,
    smoke: Value = NOT_SAID,
    search: Sequence[Value] = NOT_SAID,
    choices: Sequence[Value] = NOT_SAID,
    at_least: float = NOT_SAID,
    above: float = NOT_SAID,
    at_most: float = NOT_SAID,
    below: float = NOT_SAID,
    reads: Reader = NOT_SAID,
    is_file: bool = NOT_SAID,
) -> Any:
    """Declares a setting; what is not said is as in the base class that has it.

    Args:
        default: What it is where nobody says otherwise.
        doc: What it does, with its unit, for a person: a sentence.
        smoke: What it is in a smoke run, where that differs.
        search: Values that a Tuner chooses from.
        choices: The values that it may take, where they are few.
        at_least: The least that it may be; one of this and `above`.
        above: What it must be more than.
        at_most: The most that it may be; one of this and `below`.
        below: What it must be less than.
        reads: Who is told it, besides training.
        is_file: Whether it is the path of a file, or empty: the file must be there, and a run
            notices when its contents change.
    """
    said = {
        "doc": doc,
        "smoke": smoke,
        "search": search,
        "choices": choices,
        "at_least": at_least,
        "above": above,
        "at_most": at_most,
        "below": below,
        "reads": reads,
        "is_file": is_file,
    }
    spec = SettingSpec({name: value for name, value in said.items() if value is not NOT_SAID})
    return attrs.field(default=default, metadata={_SETTING: spec})


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Settings:
    """What every task has. Derive from it; see the module's docstring."""

    seed: int = setting(
        0,
        at_least=0,
        at_most=2**32 - 1,
        reads=SAMPLE,
        doc="Seeds all that is random: weights, order, and what is drawn.",
    )

    def __init_subclass__(cls) -> None:
        """Makes the attributes; raises `TaskError` for a setting that is not whole."""
        _define(cls)

    def __attrs_post_init__(self) -> None:
        """Checks values that do not go together."""
        self.check_together()

    def check_together(self) -> None:
        """Raises `SettingError` where values contradict each other; a task may override it."""

    if not typing.TYPE_CHECKING:

        def __eq__(self, other: object) -> bool:
            """Compares the values that there are, of settings of one class."""
            return type(self) is type(other) and vars(self) == vars(other)

        def __hash__(self) -> int:
            """Is the same for settings that are equal."""
            return hash(tuple(as_dict(self).items()))

        def __getattr__(self, name: str) -> Any:
            """Explains a setting that is not told; see `tell`."""
            known = {each.name for each in list_settings(type(self))} if name[:1] != "_" else ()
            if name in known:
                raise AttributeError(
                    f"{name} is read here but not told: declare it with reads=DATA, or "
                    "reads=SAMPLE where makers of samples read it"
                )
            raise AttributeError(f"{type(self).__module__} has no setting {name!r}")

        def __repr__(self) -> str:
            """Names the values that there are."""
            return f"Settings({', '.join(f'{k}={v!r}' for k, v in as_dict(self).items())})"


def list_settings(settings_class: type[Settings]) -> tuple[Setting, ...]:
    """Gives the settings of a class, those of base classes first."""
    return tuple(each.metadata[_SETTING] for each in attrs.fields(settings_class))  # type: ignore[arg-type]


def names_told(settings_class: type[Settings], reader: Reader) -> tuple[str, ...]:
    """Names the settings that a reader is told."""
    return tuple(each.name for each in list_settings(settings_class) if reader in each.reads)


def as_dict(settings: Settings) -> dict[str, Value]:
    """Gives the values by name: all, or those that were told."""
    there = vars(settings)
    return {
        each.name: there[each.name] for each in list_settings(type(settings)) if each.name in there
    }


def resolve(
    settings_class: type[AnySettings], given: Mapping[str, Value], smoke: bool = False
) -> AnySettings:
    """Lays values over the defaults.

    Args:
        settings_class: Whose defaults.
        given: Values by name; a text, as from `--set name=value`, is read as the setting's type.
        smoke: Whether the values of smoke runs come between.

    Raises:
        SettingError: For a name that there is not, or a value that is not expected.
    """
    by_name = _known(settings_class, given)
    tiny = {n: each.smoke for n, each in by_name.items() if smoke and each.smoke is not None}
    return settings_class(**{**tiny, **given})


def tell(settings: AnySettings, reader: Reader) -> AnySettings:
    """Gives the settings that a reader is told; reading another one is an error."""
    told = names_told(type(settings), reader)
    return _partial(type(settings), {name: getattr(settings, name) for name in told})


def restore(settings_class: type[AnySettings], told: Mapping[str, Value]) -> AnySettings:
    """Makes of `as_dict` again what it was made of: all settings, or those that were told.

    Files that settings name may have gone since.

    Args:
        settings_class: The class.
        told: Values by name. They need not go together with defaults of the others.

    Raises:
        SettingError: As `resolve`.
    """
    by_name = _known(settings_class, told)
    return _partial(settings_class, {name: by_name[name].read(told[name]) for name in told})


def change(settings: AnySettings, **values: Value) -> AnySettings:
    """Gives settings of which some values are others, which are checked.

    Raises:
        SettingError: As `resolve`.
    """
    by_name = _known(type(settings), values)
    parsed = {name: by_name[name].parse(value) for name, value in values.items()}
    return _partial(type(settings), as_dict(settings) | parsed)


def _known(settings_class: type[Settings], given: Mapping[str, Value]) -> dict[str, Setting]:
    by_name = {each.name: each for each in list_settings(settings_class)}
    for name in given:
        if name not in by_name:
            raise SettingError(f"it has no setting {name!r}; {did_you_mean(name, by_name)}")
    return by_name


def _partial(settings_class: type[AnySettings], values: Mapping[str, Value]) -> AnySettings:
    """Makes settings of values that are checked, all or some."""
    settings = object.__new__(settings_class)
    vars(settings).update(values)
    if len(values) == len(list_settings(settings_class)):
        settings.check_together()
    return settings


def _define(cls: type) -> None:
    # Slots would make a new class, which the statement `class` does not bind to its name.
    attrs.define(
        cls, frozen=True, kw_only=True, slots=False, repr=False, eq=False, field_transformer=_check
    )


def _check(cls: type, fields: list[Any]) -> list[Any]:
    """Makes each attribute of a class a whole setting, with what base classes say of it."""
    types = typing.get_type_hints(cls, vars(sys.modules[cls.__module__]))
    for each in fields:
        # Without a type a value is no attribute, and that of the base class would hold.
        if each.name in vars(cls) and each.name not in vars(cls).get("__annotations__", {}):
            raise TaskError(f"{cls.__module__}: {each.name} must have a type, and setting(...)")
    inherited: dict[str, Setting] = {}
    for base in cls.__mro__[:0:-1]:
        inherited |= {each.name: each for each in _list_declared(base)}
    whole = [_complete(cls, each, types[each.name], inherited.get(each.name)) for each in fields]
    # What base classes have comes first, in their order, said again or not.
    places = list(
        dict.fromkeys(each.name for base in cls.__bases__ for each in _list_declared(base))
    )
    return sorted(
        whole, key=lambda each: places.index(each.name) if each.name in places else len(places)
    )


def _list_declared(base: type) -> tuple[Setting, ...]:
    return list_settings(typing.cast(type[Settings], base)) if attrs.has(base) else ()


def _complete(cls: type, field: Any, type_: type, base: Setting | None) -> Any:
    if field.inherited:
        return field
    spec = field.metadata.get(_SETTING)
    if not isinstance(spec, SettingSpec):
        raise TaskError(f"{cls.__module__}: {field.name} must be declared by setting(...)")
    try:
        made = spec.complete(field.name, type_, field.default, base)
    except (ValueError, SettingError, TaskError) as error:
        raise TaskError(f"{cls.__module__}: {field.name} is not valid: {error}") from error
    return field.evolve(converter=made.parse, metadata={_SETTING: made})


_define(Settings)
