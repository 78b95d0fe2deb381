"""A folder that plays the object store, and the paths where KFP's launcher stages files.

Source: kubeflow/pipelines, backend/src/v2/objectstore/object_store.go (`UploadBlob`,
`DownloadBlob`), objectstore/config.go (`ParseBucketConfigForArtifactURI`),
component/launcher_v2.go (`LocalPathForURI`).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

_STAGED = {"gs": "gcs", "minio": "minio", "s3": "s3"}
_URI = re.compile(r"(?P<scheme>[a-z][a-z0-9]+)://(?P<key>[^?]+)")


class StoreError(Exception):
    """What makes KFP's launcher give up on a step."""


class ObjectStore:
    """Keeps objects by URI. An object store knows no folders, so empty ones are lost."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def upload(self, local: Path, uri: str) -> None:
        """Uploads a file, or all files below a folder; nothing where there is nothing."""
        target = self.object_path(uri)
        if local.is_file():
            _copy(local, target)
        for path in sorted(local.rglob("*")):
            if path.is_file():
                _copy(path, target / path.relative_to(local))

    def download(self, uri: str, local: Path) -> None:
        """Downloads the object of this key, and all objects below it."""
        source = self.object_path(uri)
        if source.is_file():
            _copy(source, local)
        for path in sorted(source.rglob("*")):
            if path.is_file():
                _copy(path, local / path.relative_to(source))

    def object_path(self, uri: str) -> Path:
        """Gives where the object, or the objects below the key, are kept."""
        scheme, key = parse(uri)
        return self.folder / scheme / key


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


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
