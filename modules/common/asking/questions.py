"""What a person gives, read by the kind of the field that it is for. No TensorFlow."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from modules.common.asking.request_files import read_picture, read_recording
from modules.common.declaring.features import Dtype
from modules.common.declaring.fields import Field
from modules.common.declaring.setting import Setting
from modules.common.declaring.task import Value
from modules.common.runtime.errors import SettingError

_FILES = {"picture": "pictures", "sound": "recordings", "midi": "MIDI files"}

_DTYPES: Mapping[type, Dtype] = {str: "string", int: "int64", float: "float32", bool: "bool"}


def field_of(setting: Setting) -> Field:
    """Makes a field of a setting that a person may also say when asking.

    Args:
        setting: Of the task.
    """
    dtype = _DTYPES[setting.type]
    bounds = dataclasses.asdict(setting.bounds)
    doc = setting.doc[:1].lower() + setting.doc[1:].rstrip(".")
    return Field(
        name=setting.name,
        dtype=dtype,
        default=setting.default,
        choices=setting.choices,
        doc=doc,
        **bounds,
    )


def word_subject(subject: Field | None) -> str:
    """Says what a question is about, such as `paths of pictures`.

    Args:
        subject: The input that is given without a name; `None` where there is none.
    """
    if subject is None:
        return "no input, what is wanted is said by options"
    if subject.kind in _FILES:
        return f"paths of {_FILES[subject.kind]}"
    return subject.doc


def check_needed(task_name: str, fields: Iterable[Field], said: Collection[str]) -> None:
    """Raises `SettingError` where an input that has no default is not said by its name.

    Args:
        task_name: Whom it is for.
        fields: The inputs that are given by their names.
        said: The names of what was said.
    """
    needed = [field for field in fields if field.default is None]
    missing = [f"--{field.name}" for field in needed if field.name not in said]
    if missing:
        names = [f"--{each.name} {'FILE' if each.kind in _FILES else 'VALUE'}" for each in needed]
        raise SettingError(
            f"{task_name} takes {' and '.join(names)}; {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing"
        )


def read_fields(
    task_name: str, fields: Iterable[Field], said: Mapping[str, Value]
) -> dict[str, list[Any]]:
    """Reads the inputs that a person said by name.

    Args:
        task_name: Whom it is for.
        fields: The inputs.
        said: Values by name; what is not said, or an empty path, has its default.

    Returns:
        The inputs that were said, a batch of one.

    Raises:
        DataError: If a file cannot be used.
    """
    return {
        field.name: [read_value(task_name, field, said[field.name])]
        for field in fields
        if field.name in said and not (field.kind in _FILES and said[field.name] == "")
    }


def read_value(task_name: str, field: Field, value: Value) -> Any:
    """Reads one value of a field: the bytes of a file that is named, or the value itself.

    Args:
        task_name: Whom it is for.
        field: The input.
        value: A path for a picture or a sound; else what it is.

    Raises:
        DataError: If there is no such file, or it cannot be used.
    """
    if field.kind == "picture":
        return read_picture(task_name, str(value))
    if field.kind == "sound":
        return read_recording(task_name, str(value))
    return value
