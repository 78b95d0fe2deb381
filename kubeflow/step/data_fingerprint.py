"""The step DataFingerprint: tells KFP's cache whether data changed, before anything reads it.

`python -m kubeflow.step.data_fingerprint DATA OUTPUT_FILE` writes a digest of names, sizes and
times of the files at DATA into OUTPUT_FILE. It is a value that goes to ExampleGen, and values are
what KFP's cache compares. So unchanged data is not read again, and changed data is, though its path
is the same. As in TFX's own drivers, contents are not read.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from kubeflow.step import refusals, report
from modules.common.reading.data_files import digest_of_states
from modules.common.reading.file_endings import SOUND, ending_of
from modules.common.reading.spans import find_fixed_part

NO_DATA = "none"
"""Of runs without data: what Lianxi makes depends on settings only."""


def main() -> None:
    """Runs the step; ends the process with code 1, and a line, where data cannot be seen."""
    parser = argparse.ArgumentParser(
        prog="python -m kubeflow.step.data_fingerprint",
        description="Writes a digest of names, sizes and times of data into a file.",
    )
    parser.add_argument("data", help="file or folder, or URI; '' for what Lianxi makes")
    parser.add_argument("output_file", help="where the digest goes")
    given = parser.parse_args()
    data, output_file = given.data, given.output_file
    started = time.monotonic()
    try:
        value = fingerprint(data)
    except Exception as error:
        refusals.end("DataFingerprint", error)
    Path(output_file).write_text(value, encoding="utf-8")
    print(f"DataFingerprint: {data or 'no data'}: {value}", flush=True)
    print(report.line("DataFingerprint", time.monotonic() - started), flush=True)


def fingerprint(data: str) -> str:
    """Digests what is at `data`.

    Args:
        data: File or folder, on a mounted volume or an object store; where it has `{SPAN}` and
            the like, all spans count; nothing for what Lianxi makes.

    Returns:
        16 hexadecimal digits, or `none`. Data that is not there has a fingerprint too: ExampleGen
        says what is wrong.
    """
    if not data:
        return NO_DATA
    base = find_fixed_part(data) or data
    return digest_of_states(_remote_files(base) if "://" in base else _local_files(base))


def _local_files(base: str) -> Iterator[tuple[str, int, int]]:
    """Gives path, bytes and nanoseconds of change for each file.

    No more than that: on a volume that is mounted anew for each step, other figures may differ. A
    file may be a list of recordings, which lie in its folder or below and are data too.
    """
    is_file = os.path.isfile(base)
    folder = os.path.dirname(base) or os.curdir if is_file else base
    paths: Iterable[str] = (
        os.path.join(top, name) for top, _, names in os.walk(folder) for name in names
    )
    if is_file:
        paths = chain([base], (path for path in paths if ending_of(path) in SOUND))
    for path in paths:
        with suppress(OSError):
            state = os.stat(path)
            yield path, state.st_size, state.st_mtime_ns


def _remote_files(base: str) -> Iterator[tuple[str, int, int]]:
    """The same by libraries that take their time to import."""
    from kubeflow.step import object_store

    if base.startswith(object_store.SCHEMES):
        for uri, state in object_store.list_files(base):
            yield uri, state.length, state.mtime_nsec
        return
    import tensorflow as tf

    if not tf.io.gfile.exists(base):
        return
    if not tf.io.gfile.isdir(base):
        state = tf.io.gfile.stat(base)
        yield base, state.length, state.mtime_nsec
        return
    for folder, _, names in tf.io.gfile.walk(base):
        for name in names:
            path = os.path.join(folder, name)
            state = tf.io.gfile.stat(path)
            yield path, state.length, state.mtime_nsec


if __name__ == "__main__":
    main()
