"""Between the URIs of an object store and the paths where KFP's launcher stages them.

KFP's launcher downloads `minio://bucket/key` to `/minio/bucket/key`, `s3://` to `/s3/` and `gs://`
to `/gcs/`, and uploads what it finds at the same paths when the step is over. TensorFlow cannot
open `minio://`, so executors are given the paths.

Source: kubeflow/pipelines, backend/src/v2/component/launcher_v2.go, `LocalPathForURI`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from modules.common.runtime.errors import DataError

ROOT_VARIABLE = "LIANXI_STAGING_ROOT"
"""Where `minio`, `s3` and `gcs` lie. `/` where not set, as in KFP; for tests that cannot write
there."""

FOLDERS = {"minio://": "minio", "s3://": "s3", "gs://": "gcs"}


SHARED_STAGING_VARIABLE = "LIANXI_SHARED_STAGING"
"""Which of these folders are volumes that all pods mount, such as `minio,s3`."""


class Staging:
    """Maps URIs to staged paths and back."""

    def __init__(self, root: str | None = None, remote: bool = False) -> None:
        """Sets where the staged folders lie.

        Args:
            root: The folder that holds them; LIANXI_STAGING_ROOT, or `/`, where not given.
            remote: Whether others than this pod work on the files, so that `gs://`, which all can
                open, stays as it is, unless its folder is shared.
        """
        base = root or os.environ.get(ROOT_VARIABLE) or "/"
        shared = os.environ.get(SHARED_STAGING_VARIABLE, "").split(",")
        self._prefixes = {
            scheme: os.path.join(base, folder) + "/"
            for scheme, folder in FOLDERS.items()
            if not (remote and scheme == "gs://" and folder not in shared)
        }
        self._shared = tuple(
            prefix for scheme, prefix in self._prefixes.items() if FOLDERS[scheme] in shared
        )
        self._copies: dict[str, str] = {}

    def path(self, uri: str) -> str:
        """Gives the staged path of a URI; a URI of another scheme stays as it is."""
        for scheme, prefix in self._prefixes.items():
            if uri.startswith(scheme):
                return prefix + uri.removeprefix(scheme)
        return uri

    def uri(self, path: str) -> str:
        """Gives the URI of a staged path or a copy of it; any other path stays as it is."""
        for copy, original in self._copies.items():
            if path == copy or path.startswith(copy + "/"):
                path = original + path.removeprefix(copy)
        for scheme, prefix in self._prefixes.items():
            if path.startswith(prefix):
                return scheme + path.removeprefix(prefix)
        return path

    def is_shared(self, path: str) -> bool:
        """Tells whether a staged path is on a volume that all pods mount."""
        return path.startswith(self._shared) if self._shared else False

    def folder_of(self, path: str) -> str:
        """Gives the name of the staging folder that a path is in; empty where it is in none."""
        for scheme, prefix in self._prefixes.items():
            if path.startswith(prefix):
                return FOLDERS[scheme]
        return ""

    def note_copy(self, path: str, copy: str) -> None:
        """Takes down that a staged path was copied, so that the copy's paths have its URI."""
        self._copies[copy] = path


def check_readable(data: str, stores: Sequence[str]) -> None:
    """Makes sure that a step can open data, which the launcher does not stage.

    Args:
        data: A path, or a URI.
        stores: How URIs that it can open begin.

    Raises:
        DataError: For a store that it cannot open.
    """
    if "://" in data and not data.startswith(tuple(stores)):
        raise DataError(
            f"data at {data} cannot be read; expected a path on a mounted volume, or "
            f"{', '.join(stores)}; mount a volume that holds the data (volumes in the "
            "configuration), and name its path"
        )


def map_strings(value: Any, change: Callable[[str], str]) -> Any:
    """Applies `change` to every string value of a JSON value, at any depth; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: map_strings(entry, change) for key, entry in value.items()}
    if isinstance(value, list):
        return [map_strings(entry, change) for entry in value]
    return value
