"""MNIST's files to examples: each picture with its label, streamed."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain, repeat
from typing import BinaryIO, cast

import numpy as np
from PIL import Image
from tfx.dsl.components.base import executor_spec
from tfx.dsl.io import fileio

from components.example_gen.base import SourceExampleGen, SourceExecutor
from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, Reject, split_of
from modules.common.pictures.idx_files import IdxReader
from modules.common.pictures.sources import IdxSource
from modules.common.runtime.errors import DataError

_DIMENSIONS = {"images": 3, "labels": 1}
# Each lost picture is a line of the quarantine; a damaged header must not claim billions.
_MAX_LOST = 100_000


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Files that belong together, by their names in the data folder.

    Attributes:
        images: The pictures.
        labels: Their labels; empty where there are none.
        split: `train` or `eval`; empty where the pictures' digests tell.
    """

    images: str
    labels: str
    split: str


def read_pair(pair: Pair, config: ReadConfig) -> Iterator[Record | Reject]:
    """Reads pictures and labels side by side.

    Args:
        pair: The files.
        config: Its source must be an `IdxSource`.

    Yields:
        A record for each picture, and a reject for each that a file is cut off before.

    Raises:
        DataError: If more are lost than can be listed.
    """
    source: IdxSource = config.source
    with ExitStack() as stack:
        images = _open(pair.images, "images", config, stack)
        labels = _open(pair.labels, "labels", config, stack) if pair.labels else None
        found = 0
        for pixels, label in zip(images, chain(labels or repeat(None)), strict=False):
            found += 1
            split = pair.split or split_of(
                hashlib.sha256(pixels.tobytes()).hexdigest(), source.eval_percent
            )
            text = "" if label is None else str(int(label))
            yield Record(split, {source.image: _png(pixels), source.label: text})
    lost = images.count - found
    if lost > _MAX_LOST:
        raise DataError(
            f"{pair.images} claims {images.count:,} pictures and is cut off after {found:,}"
        )
    for number in range(found + 1, images.count + 1):
        yield Reject(
            pair.images,
            f"picture {number}",
            "the file, or that of the labels, is damaged or cut off before it",
        )


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _open(name: str, kind: str, config: ReadConfig, stack: ExitStack) -> IdxReader:
    """Opens a file of a pair; raises `DataError` where its header is not what it must be."""
    file = stack.enter_context(fileio.open(os.path.join(config.data_dir, name), "rb"))
    if name.endswith(".gz"):
        file = stack.enter_context(gzip.GzipFile(fileobj=file))
    try:
        return IdxReader(cast(BinaryIO, file), _DIMENSIONS[kind])
    except ValueError as error:
        raise DataError(f"{name}: {error}") from error


class Executor(SourceExecutor):
    """Reads pairs of files. Items are the pairs."""

    reader = staticmethod(read_pair)

    @classmethod
    def items(cls, config: ReadConfig, patterns: Sequence[str]) -> list[Pair]:
        """Finds the files.

        Args:
            config: What the reader will be told.
            patterns: Their names, or globs of them.

        Raises:
            DataError: If there are no pictures to train on.
        """
        source: IdxSource = config.source

        def find(part: str, kind: str) -> str:
            for name in source.names(part, kind):
                wanted = any(fnmatchcase(name, pattern) for pattern in patterns)
                if wanted and fileio.exists(os.path.join(config.data_dir, name)):
                    return name
            return ""

        pairs = [
            Pair(images=find(part, "images"), labels=find(part, "labels"), split=split)
            for part, split in (("train", "train"), ("t10k", "eval"))
        ]
        train, test = pairs
        if not train.images:
            raise DataError(
                f"{config.data_dir} has no {source.names('train', 'images')[0]}; "
                f"{config.task_name} reads {source.layout}"
            )
        if not test.images:
            return [Pair(images=train.images, labels=train.labels, split="")]
        return pairs

    @classmethod
    def check(cls, paths: Sequence[Pair], config: ReadConfig) -> None:
        """Reads the headers only.

        Raises:
            DataError: If one is not that of an IDX file, or if the files do not fit together.
        """
        if len({bool(pair.labels) for pair in paths}) > 1:
            raise DataError(
                "only one of train and t10k has labels; add the other's, or take these away"
            )
        for pair in paths:
            with ExitStack() as stack:
                images = _open(pair.images, "images", config, stack)
                if not pair.labels:
                    continue
                labels = _open(pair.labels, "labels", config, stack)
            if labels.count != images.count:
                raise DataError(
                    f"{pair.images} has {images.count:,} pictures, but {pair.labels} "
                    f"{labels.count:,} labels; they do not belong together"
                )


class IdxExampleGen(SourceExampleGen):
    """ExampleGen for `IdxSource`."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
