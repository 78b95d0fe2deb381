"""Reads one picture of a folder. Light: it runs in processes that never import TensorFlow.

Where duplicates are dropped, reading is two steps: all pictures are looked at, and then those that
are kept are read, so that Beam compares digests and never moves a picture that is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from PIL import Image

from components.example_gen.file_bytes import read_file
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SET_ASIDE, Record, Reject, split_of
from modules.common.declaring.registry import import_function
from modules.common.declaring.sources import RawFeatures, SkipFile
from modules.common.pictures import exif, image_files
from modules.common.pictures.settings import PictureSettings
from modules.common.pictures.sources import ImageFolderSource, PictureSource


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A good picture that was looked at.

    Attributes:
        path: The file.
        relative: The file, relative to the data folder.
        split: `train` or `eval`.
        digest: Of its pixels.
        is_servable: Whether the served graph reads the file as it is.
    """

    path: str
    relative: str
    split: str
    digest: str
    is_servable: bool


def read_picture(path: str, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads one picture.

    Args:
        path: A file in the data folder; a folder that is named like a picture is passed over.
        config: Its source must be an `ImageFolderSource`.

    Yields:
        One record, or one reject.
    """
    source: ImageFolderSource = config.source
    relative = config.relative(path)
    try:
        contents = read_file(path)
        split, features = _named(relative, config)
        image = decode(contents, config)
        digest = image_files.pixel_digest(exif.upright(image, contents))
        features = {**features, source.image: image_files.to_servable(image, contents)}
    except IsADirectoryError:
        return
    except (SkipFile, OSError, ValueError) as error:
        yield _reject(relative, error)
        return
    yield Record(split or split_of(digest, source.eval_percent), features)


def look_at_picture(path: str, config: ReadConfig) -> Iterator[Sighting | Reject]:
    """Decodes one picture, and tells what it is instead of giving it.

    Args:
        path: As for `read_picture`.
        config: As for `read_picture`.

    Yields:
        One sighting, or one reject.
    """
    source: ImageFolderSource = config.source
    relative = config.relative(path)
    try:
        contents = read_file(path)
        split, _ = _named(relative, config)
        image = decode(contents, config)
        digest = image_files.pixel_digest(exif.upright(image, contents))
    except IsADirectoryError:
        return
    except (SkipFile, OSError, ValueError) as error:
        yield _reject(relative, error)
        return
    yield Sighting(
        path=path,
        relative=relative,
        split=split or split_of(digest, source.eval_percent),
        digest=digest,
        is_servable=image_files.is_servable(image, contents),
    )


def read_sighted(sighting: Sighting, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads a picture that was found good, decoding it again only to convert it.

    Args:
        sighting: What `look_at_picture` told of it.
        config: As for `read_picture`.

    Yields:
        One record, or a reject where the file has changed meanwhile.
    """
    source: ImageFolderSource = config.source
    try:
        _, features = _named(sighting.relative, config)
        contents = read_file(sighting.path)
        if not sighting.is_servable:
            contents = image_files.to_servable(decode(contents, config), contents)
    except (OSError, ValueError) as error:
        yield _reject(sighting.relative, error)
        return
    yield Record(sighting.split, {**features, source.image: contents})


def decode(contents: bytes, config: ReadConfig) -> Image.Image:
    """Decodes a picture if it is one that the source wants.

    Args:
        contents: A file's bytes.
        config: Its source must be a `PictureSource`.

    Raises:
        ValueError: As `image_files.decode_whole` does.
    """
    source: PictureSource = config.source
    settings = config.settings
    limit = settings.min_side_px if isinstance(settings, PictureSettings) else 0
    return image_files.decode_whole(contents, limit, source.needs_colour)


def _named(relative: str, config: ReadConfig) -> tuple[str | None, RawFeatures]:
    """What a path says of a picture: its split, if it does, and its labels."""
    source: ImageFolderSource = config.source
    split = split_of_picture(relative, config)
    return split, import_function(source.labeler)(
        find_labelled_path(relative, config), config.settings
    )


def find_labelled_path(relative: str, config: ReadConfig) -> str:
    """Gives the path that a picture's label is read off.

    Args:
        relative: Its own, relative to the data folder.
        config: As for `read_picture`.

    Raises:
        ValueError: If a list beside the pictures gives no text for it.
    """
    if config.labels:
        text = config.labels.texts.get(relative, "")
        if not text or not set(text).isdisjoint("/_"):
            found = f"found {text!r}" if text else "it is not there"
            raise ValueError(f"expected its text in {config.labels.description}, {found}")
        return text + PurePosixPath(relative).suffix
    return config.folders.strip_split_folders(relative) if config.folders else relative


def split_of_picture(relative: str, config: ReadConfig) -> str | None:
    """Gives the split that a picture's folders tell.

    Args:
        relative: Its path, relative to the data folder.
        config: As for `read_picture`.

    Returns:
        `train` or `eval`; `None` where they do not tell.

    Raises:
        SkipFile: If it is not to be used.
        ValueError: As the source's splitter does.
    """
    if config.folders:
        return config.folders.split(relative)
    splitter = config.source.splitter
    split: str | None = None
    if splitter:
        split = import_function(splitter)(relative, config.settings)
    return split


def _reject(relative: str, error: Exception) -> Reject:
    if isinstance(error, SkipFile):
        return Reject(relative, "", str(error), SET_ASIDE)
    if isinstance(error, OSError):
        return Reject(relative, "", f"the file cannot be read: {error.strerror or error}")
    return Reject(relative, "", str(error))
