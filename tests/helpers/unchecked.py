"""Settings of values that nobody may set: what shows that a bound, or a file, matters."""

from __future__ import annotations

from typing import Any

from modules.common.declaring.settings import AnySettings, as_dict


def set_unchecked(settings: AnySettings, **values: Any) -> AnySettings:
    """Gives settings of which some values are others, whatever they are."""
    made = object.__new__(type(settings))
    vars(made).update(as_dict(settings) | values)
    return made
