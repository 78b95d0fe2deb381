"""Published layouts of picture data that are not plain folders: Adience's, and MNIST's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from modules.common.sources import PictureSource, Source


@dataclass(frozen=True, kw_only=True)
class AdienceSource(PictureSource):
    """Adience as it is published: a table for each of five folds, and folders of aligned faces.

    `fold_0_data.txt` to `fold_4_data.txt`, tab-separated with a header; the face of a row is
    `aligned/<user_id>/landmark_aligned_face.<face_id>.<original_image>`. One fold is the evaluation
    split, as in the published protocol: a person is in one fold only.

    Attributes:
        labeler: Import path of a function `(row: column to text, hparams) -> raw features` that
            raises `ValueError` with the reason for a row whose labels it cannot use.
        fold: Hyperparameter that holds the number of the fold to evaluate on, 0 to 4.
    """

    component: ClassVar[str] = "components.example_gen.adience.AdienceExampleGen"
    tables: ClassVar[tuple[str, ...]] = tuple(f"fold_{fold}_data.txt" for fold in range(5))
    faces: ClassVar[str] = "aligned/*/landmark_aligned_face.*"

    layout: str = (
        "Adience: fold_0_data.txt to fold_4_data.txt beside the folder aligned/ of its faces"
    )
    labeler: str
    fold: str = "fold"

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

    component: ClassVar[str] = "components.example_gen.idx.IdxExampleGen"
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
