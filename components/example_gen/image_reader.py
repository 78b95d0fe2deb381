"""Reads one picture of a folder. Light: it runs in processes that never import TensorFlow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject, split_of
from modules.common.image_files import servable_bytes
from modules.common.registry import import_function
from modules.common.sources import ImageFolderSource

# A picture of the most pixels that are served takes half of this uncompressed, 16 bits a channel.
MAX_FILE_BYTES = 256 * 2**20


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
        contents = _read(path)
        features = dict(import_function(source.labeler)(relative, config.hparams))
        features[source.image] = servable_bytes(contents)
    except IsADirectoryError:
        return
    except OSError as error:
        yield Reject(relative, "", f"the file cannot be read: {error.strerror or error}")
        return
    except ValueError as error:
        yield Reject(relative, "", str(error))
        return
    yield Record(split_of(hashlib.sha256(contents).hexdigest(), source.eval_percent), features)


def _read(path: str) -> bytes:
    """Gives a file's bytes; raises `ValueError` where they are too many for a picture."""
    if "://" in path:
        # TFX's file systems take seconds to import; only remote data needs them.
        from tfx.dsl.io import fileio

        with fileio.open(path, "rb") as remote:
            contents: bytes = remote.read()
    else:
        with open(path, "rb") as file:
            contents = file.read(MAX_FILE_BYTES + 1)
    if len(contents) > MAX_FILE_BYTES:
        raise ValueError(f"the file is larger than {MAX_FILE_BYTES // 2**20} MiB")
    return contents
