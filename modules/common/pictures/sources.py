"""Layouts of pictures, as tasks declare them: folders, Adience's tables, MNIST's files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from modules.common.declaring.settings import Settings
from modules.common.declaring.sources import Joining, Source
from modules.common.pictures.settings import FoldSettings
from modules.common.reading import file_endings
from modules.common.reading.data_files import has_files
from modules.common.reading.file_endings import PICTURES
from modules.common.reading.settings import SplitFolderSettings

# The splitter by which folders tell the split, all of them together.
FOLDERS = "modules.common.reading.split_folders.split_folder"


@dataclass(frozen=True, kw_only=True)
class PictureSource(Source):
    """What all layouts of picture files share: which pictures are good enough, and their feature.

    Where a task's settings derive from `PictureSettings`, too small ones are quarantined.
    A picture that does not decode whole is quarantined with the reason, and so is one of more than
    `modules.common.pictures.image_files.MAX_PIXELS`. Of an animation the first frame is taken.

    Attributes:
        image: Raw feature that gets the picture, as bytes that the served graph reads.
        needs_colour: Whether pictures that do not have three channels are quarantined: black and
            white, greyscale and CMYK. A palette, or an alpha channel beside three of colour,
            counts as colour, since the graph brings both to RGB, over white.
    """

    pattern: str = ""
    image: str = "image"
    needs_colour: bool = False


@dataclass(frozen=True, kw_only=True)
class ImageFolderSource(PictureSource):
    """A folder of pictures, whose labels are in their paths.

    Pictures of the usual kinds, hidden files and folders aside. A picture whose split nothing
    tells goes where its digest says: those that agree in every pixel, once they are upright, are
    never on both sides of the split.

    Attributes:
        labeler: Import path of a function `(path relative to the data folder, settings) -> raw
            features` that raises `ValueError` with the reason for a picture that it cannot name.
        depths: How many folders may lie between the data folder and a picture.
        splitter: Import path of a function `(path relative to the data folder, settings) ->
            "train", "eval"`, or `None` for what the digest says. It raises `ValueError` like the
            labeler. With `FOLDERS` all folders together tell split and class, see
            `pictures.folder_layouts`, and the labeler gets paths without folders of splits.
        named_after: Raw feature that the labeler reads off a picture's name; lists beside the
            pictures come first, and names that cannot be right are refused, unless the setting
            `names` is `trusted`. Empty where names are no such texts.
        needs_class: Whether pictures without a class are of no use.
        drops_duplicates: Whether of pictures that agree in every pixel only one is used: the first
            by path, but one of the evaluation split before all of the training split. The others
            are set aside.
    """

    settings: ClassVar[tuple[type[Settings], ...]] = (SplitFolderSettings,)
    component: ClassVar[str] = "components.example_gen.pictures.image_folder.ImageFolderExampleGen"
    joining: ClassVar[Joining] = Joining(numbered=("*",))

    labeler: str
    depths: tuple[int, ...] = (0, 1)
    splitter: str = ""
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
class AdienceSource(PictureSource):
    """Adience as it is published: a table for each of five folds, and folders of aligned faces.

    `fold_0_data.txt` to `fold_4_data.txt`, tab-separated with a header; the face of a row is
    `aligned/<user_id>/landmark_aligned_face.<face_id>.<original_image>`. One fold is the evaluation
    split, as in the published protocol: a person is in one fold only.

    Attributes:
        labeler: Import path of a function `(row: column to text, settings) -> raw features` that
            raises `ValueError` with the reason for a row whose labels it cannot use.
    """

    settings: ClassVar[tuple[type[Settings], ...]] = (FoldSettings,)
    component: ClassVar[str] = "components.example_gen.pictures.adience.AdienceExampleGen"
    joining: ClassVar[Joining] = Joining(
        refusal="its folds, of which one is held out, are of the whole data set"
    )
    tables: ClassVar[tuple[str, ...]] = tuple(f"fold_{fold}_data.txt" for fold in range(5))
    faces: ClassVar[str] = "aligned/*/landmark_aligned_face.*"

    layout: str = (
        "Adience: fold_0_data.txt to fold_4_data.txt beside the folder aligned/ of its faces"
    )
    labeler: str

    @property
    def patterns(self) -> tuple[str, ...]:
        """Globs of the tables and of the faces, all of which TFX fingerprints."""
        return (*self.tables, self.faces)

    def matches(self, folder: Path) -> bool:
        """Tells whether `folder` holds at least one of the tables."""
        return any((folder / table).is_file() for table in self.tables)


@dataclass(frozen=True, kw_only=True)
class IdxSource(Source):
    """MNIST's files: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same of `t10k`.

    Compressed as `.gz` or not, and also with a point, `train-images.idx3-ubyte`. Labels may be
    missing. `t10k` is the evaluation split; without it, a picture goes where its digest says.

    Attributes:
        image: Raw feature that gets the picture, grey, as PNG bytes.
        label: Raw feature that gets the label as text, such as `7`; empty where there are none.
    """

    component: ClassVar[str] = "components.example_gen.pictures.idx.IdxExampleGen"
    joining: ClassVar[Joining] = Joining(refusal="its files are one of each name")
    endings: ClassVar[tuple[str, ...]] = ("", ".gz")

    pattern: str = ""
    layout: str = (
        "MNIST's train-images-idx3-ubyte and train-labels-idx1-ubyte, t10k- beside them or not, "
        "as they are or as .gz"
    )
    image: str = "image"
    label: str = "label"

    def names(self, part: str, kind: str) -> tuple[str, ...]:
        """Gives the names that a file goes by, the usual one first.

        Args:
            part: `train` or `t10k`.
            kind: `images` or `labels`.
        """
        dimensions = 3 if kind == "images" else 1
        return tuple(
            f"{part}-{kind}{separator}idx{dimensions}-ubyte{ending}"
            for separator in "-."
            for ending in self.endings
        )

    @property
    def patterns(self) -> tuple[str, ...]:
        """Names of all four files in all their variants."""
        return tuple(
            name
            for part in ("train", "t10k")
            for kind in ("images", "labels")
            for name in self.names(part, kind)
        )

    def matches(self, folder: Path) -> bool:
        """Tells whether `folder` holds the pictures to train on."""
        return any((folder / name).is_file() for name in self.names("train", "images"))
