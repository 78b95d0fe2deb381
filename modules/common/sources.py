"""Layouts of raw data, as tasks declare them.

A source says where files lie and how one record of them becomes the raw features of an example.
It does no reading itself: the example generation component that `component` names does, and
reaches the declaration through the task's name. No TensorFlow here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from modules.common import file_endings
from modules.common.data_files import has_files
from modules.common.errors import DataError
from modules.common.file_endings import PICTURES, SOUND

# The splitter by which folders tell the split, all of them together.
FOLDERS = "modules.common.image_layouts.split_folder"

RawValue = str | bytes | int | float | Iterable[float] | Iterable[int] | Iterable[str]
RawFeatures = Mapping[str, RawValue]

# In either case.
_TABLES = ("*.[cC][sS][vV]", "*.[tT][sS][vV]")


@dataclass(frozen=True, kw_only=True)
class Source:
    """A layout of raw data.

    Attributes:
        pattern: Glob, relative to the data folder, of the files that hold records.
        layout: The layout in words, for error messages and documentation.
        eval_percent: Share of the split keys, in percent, that goes to the evaluation split.
    """

    component: ClassVar[str] = ""

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

    def matches(self, folder: Path) -> bool:
        """Tells whether `folder` holds at least one file of this layout."""
        return has_files(folder, self.patterns)


@dataclass(frozen=True, kw_only=True)
class Convention:
    """How tables write values of a kind, which a single one does not always tell.

    All columns of a kind, of all files, are looked at together.

    Attributes:
        name: Of the kind.
        settle: A function `(how often each cell comes, resolved hyperparameters, delimiters of the
            tables) -> how they are written`, a word that `parse` understands. It raises
            `DataError` with both readings where that can be read in two ways.
        parse: Turns a cell's text into the feature's value, told that word.
    """

    name: str
    settle: Callable[[Mapping[str, int], Mapping[str, Any], Collection[str]], str]
    parse: Callable[[str, str], RawValue]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a CSV file.

    Attributes:
        feature: Name of the raw feature that it becomes.
        headers: Header names that it goes by, the usual one first.
        parse: Turns the cell's text into the feature's value; raises `ValueError` with the
            reason where it cannot, and the row is quarantined with it.
        convention: What parses in its place, where a cell alone does not tell how it is meant.
        recognizes: Tells whether a cell can be of this column alone. Where all columns have it, a
            table of so many columns without a header is read if there is no doubt.
    """

    feature: str
    headers: tuple[str, ...]
    parse: Callable[[str], RawValue] = str.strip
    convention: Convention | None = None
    recognizes: Callable[[str], bool] | None = None


@dataclass(frozen=True, kw_only=True)
class TableSource(Source):
    """Tables in text files, whose names end in `.csv` or `.tsv`.

    In any encoding that `text_encodings` tells, with comma, semicolon, tab or `|` between the
    columns.
    """

    pattern: str = ""

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the tables; `pattern` alone where the task sets it."""
        return (self.pattern,) if self.pattern else _TABLES


@dataclass(frozen=True, kw_only=True)
class CsvSource(TableSource):
    """Tables with a header; of columns that leave no doubt, without one too.

    Attributes:
        columns: The columns that are read; others are ignored.
        key: Raw features that together are the split key: rows that agree in them are never on
            both sides of the split.
        derive: Makes further raw features of the parsed ones.
    """

    component: ClassVar[str] = "components.example_gen.csv.CsvExampleGen"

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    derive: Callable[[RawFeatures], RawFeatures] | None = None


@dataclass(frozen=True, kw_only=True)
class AudioFolderSource(Source):
    """A folder of recordings for each class: `<class>/*.wav` or `<class>/<speaker>/*.wav`.

    A speaker is on one side of the split, and no class is on one side only.

    Attributes:
        classes: Folder names and the label each stands for.
        featurizer: Import path of a function `(samples float32[n], sample_rate_hz) -> raw
            features`, mono samples at the file's own rate, that raises `ValueError` with the
            reason for a recording that it cannot use.
        label: Raw feature that gets the class's label.
        key: Gives the split key of a path relative to the data folder: usually the speaker.
    """

    component: ClassVar[str] = "components.example_gen.audio_folder.AudioFolderExampleGen"

    classes: Mapping[str, str]
    featurizer: str
    label: str
    key: Callable[[str], str]

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the recordings in the folders that `pattern` finds, and in folders of these."""
        folder = self.pattern.removesuffix("*")
        return tuple(
            glob
            for inner in ("", "[!.]*/")
            for glob in file_endings.globs(SOUND, f"{folder}{inner}")
        )


@dataclass(frozen=True, kw_only=True)
class TimeSeriesSource(TableSource):
    """A table with dates and values: one series, evenly spaced, upright or wide.

    Attributes:
        date_headers: Names the date column goes by; failing these, the first column is taken.
        value_headers: Names the value column goes by; failing these, the second.
        windower: Import path of a function `(TimeSeries, hparams) -> iterable of (split, raw
            features)` that cuts the series into examples, split by time.
    """

    component: ClassVar[str] = "components.example_gen.time_series.TimeSeriesExampleGen"

    date_headers: tuple[str, ...]
    value_headers: tuple[str, ...]
    windower: str


@dataclass(frozen=True, kw_only=True)
class PictureSource(Source):
    """What all layouts of picture files share: which pictures are good enough, and their feature.

    A picture that does not decode whole is quarantined with the reason, and so is one of more than
    `modules.common.image_files.MAX_PIXELS`. Of an animation the first frame is taken.

    Attributes:
        image: Raw feature that gets the picture, as bytes that the served graph reads.
        min_side_px: Hyperparameter that holds the least length of the shorter side, in pixels;
            empty for no limit.
        needs_colour: Whether pictures that do not have three channels are quarantined: black and
            white, greyscale and CMYK. A palette, or an alpha channel beside three of colour,
            counts as colour, since the graph brings both to RGB, over white.
    """

    pattern: str = ""
    image: str = "image"
    min_side_px: str = ""
    needs_colour: bool = False


@dataclass(frozen=True, kw_only=True)
class ImageFolderSource(PictureSource):
    """A folder of pictures, whose labels are in their paths.

    Pictures of the usual kinds, hidden files and folders aside. A picture whose split nothing
    tells goes where its digest says: those that agree in every pixel, once they are upright, are
    never on both sides of the split.

    Attributes:
        labeler: Import path of a function `(path relative to the data folder, hparams) -> raw
            features` that raises `ValueError` with the reason for a picture that it cannot name.
        depths: How many folders may lie between the data folder and a picture.
        splitter: Import path of a function `(path relative to the data folder, hparams) -> "train",
            "eval"`, or `None` for what the digest says. It raises `ValueError` like the labeler.
            With `FOLDERS` all folders together tell split and class, see
            `modules.common.folder_layouts`, and the labeler gets paths without folders of splits.
        class_folders: Hyperparameter that says which of several folders is the class, one of
            `folder_layouts.CLASS_FOLDERS`; empty where folders are no classes.
        named_after: Raw feature that the labeler reads off a picture's name; lists beside the
            pictures come first, and names that cannot be right are refused, unless the
            hyperparameter `names` is `trusted`. Empty where names are no such texts.
        needs_class: Whether pictures without a class are of no use.
        drops_duplicates: Whether of pictures that agree in every pixel only one is used: the first
            by path, but one of the evaluation split before all of the training split. The others
            are set aside.
    """

    component: ClassVar[str] = "components.example_gen.image_folder.ImageFolderExampleGen"

    labeler: str
    depths: tuple[int, ...] = (0, 1)
    splitter: str = ""
    class_folders: str = ""
    needs_class: bool = False
    named_after: str = ""
    drops_duplicates: bool = False

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of all files, pictures or not; `pattern` alone where the task sets it."""
        if self.pattern:
            return (self.pattern,)
        return tuple(f"{'[!.]*/' * depth}[!.]*.*" for depth in self.depths)

    def matches(self, folder: Path) -> bool:
        """Tells whether `folder` holds at least one picture."""
        if self.pattern:
            return super().matches(folder)
        globs = (f"{'[!.]*/' * depth}" for depth in self.depths)
        return has_files(
            folder, [each for glob in globs for each in file_endings.globs(PICTURES, glob)]
        )


@dataclass(frozen=True, kw_only=True)
class GeneratedSource(Source):
    """Examples that are drawn as they are read: there are no files.

    An example's number is its split key.

    Attributes:
        drawer: Import path of a function `(number of the example, hparams) -> raw features`, a
            pure function of both, `seed` among the hyperparameters. It runs in processes that
            never import TensorFlow.
        count: Hyperparameter that says how many examples there are.
    """

    component: ClassVar[str] = "components.example_gen.generated.GeneratedExampleGen"

    pattern: str = ""
    drawer: str
    count: str

    @property
    def patterns(self) -> tuple[str, ...]:
        """None: it reads no files."""
        return ()

    def examples(self, hparams: Mapping[str, Any]) -> int:
        """Says how many examples there are.

        Args:
            hparams: Resolved hyperparameters.

        Raises:
            DataError: If there would be none.
        """
        count = int(hparams[self.count])
        if count < 1:
            raise DataError(
                f"{self.count} is {count}; expected at least 1: --set {self.count}=1000"
            )
        return count
