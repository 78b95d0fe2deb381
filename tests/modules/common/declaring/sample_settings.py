"""Two classes of settings, one derived from the other, for tests of such classes."""

from __future__ import annotations

from modules.common.declaring import settings as declaring
from modules.common.declaring.setting import Setting
from modules.common.declaring.settings import (
    DATA,
    SAMPLE,
    list_settings,
    setting,
)
from modules.common.runtime.errors import SettingError


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
    [found] = [each for each in list_settings(settings_class) if each.name == name]
    return found
