"""Files read whole, with a limit. Light: for readers in processes that never import TensorFlow."""

from __future__ import annotations

import os

# A picture of the most pixels that are served takes half of this uncompressed, 16 bits a channel;
# half an hour of speech, 16 bits at 44.1 kHz, takes less.
MAX_FILE_BYTES = 256 * 2**20


def read_file(path: str) -> bytes:
    """Gives a file's bytes.

    Args:
        path: A local or remote file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If there are too many for one example.
    """
    if "://" in path:
        # TFX's file systems take seconds to import; only remote data needs them.
        from tfx.dsl.io import fileio

        with fileio.open(path, "rb") as remote:
            contents: bytes = remote.read()
    else:
        with open(path, "rb") as file:
            # Python sets aside as much memory as is asked for.
            size = os.fstat(file.fileno()).st_size or MAX_FILE_BYTES
            contents = file.read(min(size, MAX_FILE_BYTES) + 1)
    if len(contents) > MAX_FILE_BYTES:
        raise ValueError(f"the file is larger than {MAX_FILE_BYTES // 2**20} MiB")
    return contents
