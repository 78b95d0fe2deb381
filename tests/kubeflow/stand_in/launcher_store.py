"""A folder that plays the object store, and the paths where KFP's launcher stages files.

Source: kubeflow/pipelines, backend/src/v2/objectstore/object_store.go (`UploadBlob`,
`DownloadBlob`), objectstore/config.go (`ParseBucketConfigForArtifactURI`, `KeyFromURI`),
component/launcher_v2.go (`LocalPathForURI`).
"""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

_STAGED = {"gs": "gcs", "minio": "minio", "s3": "s3"}
SCHEMES = tuple(f"{scheme}://" for scheme in _STAGED)
_URI = re.compile(r"(?P<scheme>[a-z][a-z0-9]+)://(?P<key>[^?]+)")


class StoreError(Exception):
    """What makes KFP's launcher give up on a step."""


class ObjectStore:
    """Keeps objects by URI. An object store knows no folders, so empty ones are lost."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def upload(self, local: Path, uri: str) -> None:
        """Uploads a file, or all files below a folder.

        Raises:
            FileNotFoundError: Where there is nothing.
            StoreError: For a link to a folder, which the launcher takes for a file.
        """
        local.stat()
        target = self.object_path(uri)
        if local.is_file():
            _copy(local, target)
        for path in sorted(local.rglob("*")):
            if path.is_symlink() and path.is_dir():
                raise StoreError(f"uploadFile(): unable to complete copying {path}: is a directory")
            if path.is_file():
                _copy(path, target / path.relative_to(local))

    def download(self, uri: str, local: Path, with_namesakes: bool = False) -> None:
        """Downloads the object of this key, and all objects below it; nothing where none is.

        Args:
            uri: The key.
            local: What it becomes.
            with_namesakes: Whether objects count whose key goes on without a slash; they land
                beside `local`, as their keys say.
        """
        source = self.object_path(uri)
        for path in _files(source, with_namesakes):
            _copy(path, Path(os.path.normpath(local / os.path.relpath(path, source))))

    def object_path(self, uri: str) -> Path:
        """Gives where the object, or the objects below the key, are kept."""
        scheme, key = parse(uri)
        return self.folder / scheme / key


def check_belongs(uri: str, root: str) -> None:
    """Makes sure that an output lies below the root of the run.

    Raises:
        StoreError: Where it does not.
    """
    if not uri.startswith(root):
        raise StoreError(f"URI {uri!r} does not have expected bucket prefix {root!r}")


def parse(uri: str) -> tuple[str, str]:
    """Splits a URI into scheme and bucket with key; only three schemes are known."""
    match = _URI.fullmatch(uri)
    if not match:
        raise StoreError(f"parse bucket config failed: unrecognized uri format: {uri!r}")
    if match["scheme"] not in _STAGED:
        raise StoreError(f"parse bucket config failed: unsupported Cloud bucket: {uri!r}")
    return match["scheme"], match["key"]


def staged_path(uri: str, root: Path) -> Path:
    """Gives where the launcher stages a URI below `root`, which is `/` in a pod."""
    scheme, key = parse(uri)
    return root / _STAGED[scheme] / key


def _files(source: Path, with_namesakes: bool) -> Iterator[Path]:
    pattern = glob.escape(source.name) + ("*" if with_namesakes else "")
    for found in sorted(source.parent.glob(pattern)):
        yield from (path for path in [found, *sorted(found.rglob("*"))] if path.is_file())


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
