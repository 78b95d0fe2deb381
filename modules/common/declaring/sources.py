"""Layouts of raw data, as tasks declare them.

A source says where files lie and how one record of them becomes the raw features of an example.
It does no reading itself: the example generation component that `component` names does, and
reaches the declaration through the task's name. No TensorFlow here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import ClassVar

from modules.common.declaring.settings import Settings
from modules.common.reading.data_files import has_files

RawValue = str | bytes | int | float | Iterable[float] | Iterable[int] | Iterable[str]
RawFeatures = Mapping[str, RawValue]


@dataclass(frozen=True, kw_only=True)
class Joining:
    """How the files of several spans become one data set of the same layout.

    A key that is in two spans is on one side of the split, since all of them are read as one.

    Attributes:
        numbered: Globs, `*` standing for `/` too, of files whose names get the span at their end,
            `names_20.csv`; all others keep their names, which no two spans may both have.
        ending: What counts as the ending of such names, where it is more than a point and what
            follows the last one.
        in_time: Whether the one file of each span is a stretch of a series, laid end to end.
        refusal: Why it cannot be, where it cannot.
    """

    numbered: tuple[str, ...] = ()
    ending: str = ""
    in_time: bool = False
    refusal: str = ""

    def name(self, relative: str, span: str) -> str:
        """Names a file of a span among those of others.

        Args:
            relative: Its path, relative to the span's folder.
            span: The span as its path has it.

        Returns:
            Its path relative to the folder of all.
        """
        if not any(fnmatchcase(relative, glob) for glob in self.numbered):
            return relative
        folder, slash, name = relative.rpartition("/")
        stem, ending = os.path.splitext(name)
        if self.ending and name.endswith(self.ending):
            stem, ending = name.removesuffix(self.ending), self.ending
        return f"{folder}{slash}{stem}_{span}{ending}"


@dataclass(frozen=True, kw_only=True)
class Amount:
    """What there is of something in a split, read off the statistics of a raw feature.

    Attributes:
        words: What is counted, such as `speakers` or `hours of sound`.
        feature: The raw feature, of strings or bytes.
        bytes_each: How many bytes make one; `None` where its different values are counted.
    """

    words: str
    feature: str
    bytes_each: int | None = None


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
    joining: ClassVar[Joining] = Joining(refusal="its declaration does not say how")
    """How several spans are read as one."""

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

    def amounts(self, settings: Settings) -> tuple[Amount, ...]:
        """Says what a person wants to know of data of this kind besides its number of examples.

        Args:
            settings: Resolved settings of the task.
        """
        return ()

    def matches(self, folder: Path) -> bool:
        """Tells whether `folder` holds at least one file of this layout."""
        return has_files(folder, self.patterns)


class SkipFile(Exception):
    """A file that the task leaves alone, with the reason. It is set aside, and no error."""
