"""Classes of pictures of which nothing is left: told before a model is trained without them."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable

from tfx.dsl.io import fileio

from components.example_gen import quarantine
from components.example_gen.read_config import ReadConfig
from modules.common.declaring.sources import SkipFile
from modules.common.pictures.image_files import looks_like_picture
from modules.common.reading.file_endings import ending_of, is_document
from modules.common.runtime.errors import DataError

# A lone picture that is bad is rather a stray file than a class; it is in the quarantine.
_MIN_PICTURES = 2
_SNIFFED_BYTES = 16


def class_in(relative: str, config: ReadConfig) -> tuple[str, ...]:
    """Names the class of a file by its folders; nothing where it is in none that is used.

    Args:
        relative: Its path, relative to the data folder.
        config: Its source must be an `ImageFolderSource` of classes.
    """
    if not config.folders:
        return ()
    try:
        config.folders.split(relative)
    except SkipFile:
        return ()
    *_, folder, _ = ("", *config.folders.strip_split_folders(relative).split("/"))
    return (folder,) if folder else ()


def is_meant_as_picture(relative: str, config: ReadConfig) -> bool:
    """Tells whether a file in a class's folder seems to be one of its pictures.

    Args:
        relative: Its path, relative to the data folder.
        config: Says where that is.
    """
    if is_document(relative):
        return False
    if ending_of(relative):
        return True
    with fileio.open(os.path.join(config.data_dir, relative), "rb") as file:
        return looks_like_picture(file.read(_SNIFFED_BYTES))


def check_classes(pictures: Iterable[str], config: ReadConfig, output_dir: str) -> None:
    """Refuses data where no picture of a class is left.

    Args:
        pictures: All that were to be read, relative to the data folder.
        config: What the reader was told.
        output_dir: The examples artifact, whose quarantine is read.

    Raises:
        DataError: With the classes and the commonest reason.
    """
    left = Counter(name for picture in pictures for name in class_in(picture, config))
    before = left.copy()
    reasons: dict[str, Counter[str]] = {}
    with fileio.open(quarantine.rejects_path(output_dir)) as file:
        for reject in map(json.loads, file):
            for name in class_in(reject["path"], config):
                left[name] -= 1
                reasons.setdefault(name, Counter())[reject["reason"]] += 1
    lost = [name for name in left if not left[name] and before[name] >= _MIN_PICTURES]
    if lost:
        shown = "\n".join(
            f"  {name!r}, {before[name]} pictures, most often: {reasons[name].most_common(1)[0][0]}"
            for name in sorted(lost)[:5]
        )
        raise DataError(f"no picture can be used of {len(lost)} of {len(before)} classes:\n{shown}")
