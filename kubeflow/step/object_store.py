"""S3 and MinIO for TFX's file functions, which by themselves open local files and `gs://` only.

TensorFlow lost `s3://` in 2.7, and never knew `minio://`, which is how KFP writes the store that it
brings along. After `register`, `tfx.dsl.io.fileio` opens both: data is fetched from there, and
models are pushed there. The rest of a step's files are staged by KFP's launcher.

Where the server is, and by which keys it is used: `kubeflow.step.store_location`.

Source: kubeflow/pipelines, backend/src/v2/objectstore (schemes).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tfx.dsl.io import filesystem
from tfx.dsl.io.filesystem_registry import DEFAULT_FILESYSTEM_REGISTRY

from kubeflow.step.store_location import ENDPOINT_VARIABLE, Location, locate
from modules.common.runtime.errors import DataError

SCHEMES = ("s3://", "minio://")

_PRIORITY = 1  # TensorFlow's, which says that it knows `s3://`, has 10.


@dataclass(frozen=True)
class State:
    """What `stat` gives, as TensorFlow's does.

    Attributes:
        length: Bytes.
        mtime_nsec: Time of the last change, in nanoseconds since 1970.
    """

    length: int
    mtime_nsec: int


class ObjectStore(filesystem.Filesystem):
    """Opens objects as files, and takes common beginnings of their names for folders.

    Folders need not be made, and are there as long as something is in them.

    Raises:
        NotFoundError: TFX's, where there is no such object or folder.
        DataError: If the store cannot be reached, or does not allow it.
    """

    SUPPORTED_SCHEMES = list(SCHEMES)

    @staticmethod
    def open(name: str, mode: str = "r") -> Any:
        """Opens an object to read or to write it whole."""
        with _at(name) as (store, path):
            return store.open(path, mode)

    @staticmethod
    def copy(src: str, dst: str, overwrite: bool = False) -> None:
        """Copies within the store."""
        if not overwrite and ObjectStore.exists(dst):
            raise OSError(f"{dst} exists already")
        with _at(src) as (store, path), _at(dst) as (_, target):
            store.copy(path, target)

    @staticmethod
    def exists(path: str) -> bool:
        """Tells whether there is such an object or folder."""
        with _at(path) as (store, inner):
            return bool(store.exists(inner))

    @staticmethod
    def glob(pattern: str) -> list[str]:
        """Gives objects and folders that match."""
        with _at(pattern) as (store, inner):
            return [_uri(pattern, found) for found in store.glob(inner)]

    @staticmethod
    def isdir(path: str) -> bool:
        """Tells whether something is in such a folder."""
        with _at(path) as (store, inner):
            return bool(store.isdir(inner))

    @staticmethod
    def listdir(path: str) -> list[str]:
        """Gives the names in a folder."""
        with _at(path) as (store, inner):
            return [found.rpartition("/")[2] for found in store.ls(inner, detail=False)]

    @staticmethod
    def makedirs(path: str) -> None:
        """Does nothing: folders are not made."""

    @staticmethod
    def mkdir(path: str) -> None:
        """Does nothing: folders are not made."""

    @staticmethod
    def remove(path: str) -> None:
        """Removes an object."""
        with _at(path) as (store, inner):
            store.rm_file(inner)

    @staticmethod
    def rename(src: str, dst: str, overwrite: bool = False) -> None:
        """Copies, then removes."""
        ObjectStore.copy(src, dst, overwrite)
        ObjectStore.remove(src)

    @staticmethod
    def rmtree(path: str) -> None:
        """Removes all that is in a folder."""
        with _at(path) as (store, inner):
            store.rm(inner, recursive=True)

    @staticmethod
    def stat(path: str) -> State:
        """Gives size and time of an object."""
        with _at(path) as (store, inner):
            return _state(store.info(inner))

    @staticmethod
    def walk(
        top: str, topdown: bool = True, onerror: Callable[..., None] | None = None
    ) -> Iterator[tuple[str, list[str], list[str]]]:
        """Gives each folder with the names of what is in it, outer ones first."""
        with _at(top) as (store, inner):
            for folder, folders, names in store.walk(inner):
                # An object that is called like a folder stands for it, so that it can be empty.
                yield _uri(top, folder), list(folders), [name for name in names if name]


def register() -> None:
    """Lets `tfx.dsl.io.fileio` open `s3://` and `minio://`, in this process."""
    DEFAULT_FILESYSTEM_REGISTRY.register(ObjectStore, _PRIORITY)


def list_files(uri: str) -> Iterator[tuple[str, State]]:
    """Lists an object, or all objects in a folder; nothing where there is none.

    Args:
        uri: `s3://` or `minio://`.
    """
    with _at(uri) as (store, path):
        for name, found in store.find(path, detail=True).items():
            yield _uri(uri, name), _state(found)


def fetch(uri: str, target: str) -> None:
    """Copies an object, or all in a folder, to a local path, piece by piece.

    Args:
        uri: `s3://` or `minio://`.
        target: What it becomes; not there yet.
    """
    with _at(uri) as (store, path):
        store.get(path, target, recursive=store.isdir(path))


@functools.cache
def _store(location: Location) -> Any:
    import s3fs

    return s3fs.S3FileSystem(
        endpoint_url=location.endpoint or None,
        key=location.key or None,
        secret=location.secret or None,
        client_kwargs={"region_name": location.region} if location.region else {},
        config_kwargs={"s3": {"addressing_style": "virtual"}} if location.by_host else {},
        # Others write to the store too.
        use_listings_cache=False,
    )


@contextmanager
def _at(uri: str) -> Iterator[tuple[Any, str]]:
    """Gives the store and the path in it, and says what went wrong."""
    from botocore import exceptions

    location = locate(uri)
    told = f" (tried: {'; '.join(location.tried)})"
    try:
        yield _store(location), uri.partition("://")[2].rstrip("/")
    except FileNotFoundError as error:
        raise filesystem.NotFoundError(f"there is nothing at {uri}") from error
    except (PermissionError, exceptions.NoCredentialsError) as error:
        raise DataError(
            f"no permission for {uri}: {error}; expected AWS_ACCESS_KEY_ID and "
            f"AWS_SECRET_ACCESS_KEY of an account that may (secrets in the configuration){told}"
        ) from error
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise DataError(
            f"the store of {uri} cannot be reached at {location.endpoint or 'Amazon'}: {error}; "
            f"{ENDPOINT_VARIABLE} (env in the configuration) names another server{told}"
        ) from error


def _uri(like: str, path: str) -> str:
    """Gives the URI of a path in the store that another URI names."""
    return f"{like.partition('://')[0]}://{path}"


def _state(found: dict[str, Any]) -> State:
    changed = found.get("LastModified")
    return State(int(found["size"] or 0), int(changed.timestamp() * 1e9) if changed else 0)
