"""Layouts of raw data, as tasks declare them.

A source says where files lie and how one record of them becomes the raw features of an example.
It does no reading itself: the example generation component that `component` names does, and
reaches the declaration through the task's name. No TensorFlow here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from modules.common.declaring.settings import Settings
from modules.common.reading.data_files import has_files

RawValue = str | bytes | int | float | Iterable[float] | Iterable[int] | Iterable[str]
RawFeatures = Mapping[str, RawValue]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A layout of raw data.

    Attributes:
        pattern: Glob, relative to the data folder, of the files that hold records.
        layout: The layout in words, for error messages and documentation.
        eval_percent: Share of the split keys, in percent, that goes to the evaluation split.
    """

    component: ClassVar[str] = ""
    settings: ClassVar[tuple[type[Settings], ...]] = ()
    """What its reader reads: the settings of a task derive from each."""

    pattern: str
    layout: str
    eval_percent: int = 20

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs, relative to the data folder, that together find the files."""
        return (self.pattern,)

    @property
    def companions(self) -> tuple[str, ...]:
        """Globs of what a file of this layout names: part of the data where a person named it."""
        return ()

    @property
    def named_settings(self) -> tuple[str, ...]:
        """Names of further settings that its reader reads."""
        return ()

    def matches(self, folder: Path) -> bool:
        """Tells whether `folder` holds at least one file of this layout."""
        return has_files(folder, self.patterns)


class SkipFile(Exception):
    """A file that the task leaves alone, with the reason. It is set aside, and no error."""
