"""Where a step reads and works when others work on the same files.

Workers of a remote Beam engine are other pods. They see artifacts in Google Cloud Storage, and on a
volume that every pod mounts where KFP's launcher stages (LIANXI_SHARED_STAGING names the folders).
So for a step that runs on such an engine

- a URI of `gs://` stays one, which Beam and TensorFlow open themselves. The launcher finds nothing
  to upload at the staged path, says so in its log, and records the URI;
- other URIs are staged paths, which must be on such a volume;
- temporary files lie beside the outputs, where workers see them too.

On such a volume no step reads inputs where they are staged: the launchers of other steps, and of
other runs, write the same files anew while it reads. It reads copies of its own.

Source: kubeflow/pipelines, backend/src/v2/component/launcher_v2.go (`uploadOutputArtifacts`),
objectstore/object_store.go (`downloadFile`, which truncates).
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kubeflow.step.staging import Staging
from modules.common.runtime.errors import DataError

_log = logging.getLogger(__name__)

_SCRATCH = ".lianxi"
_TRIES = 20
_REST_S = 2.0


@contextmanager
def arrange(executor_input: dict[str, Any], staging: Staging, runner: str) -> Iterator[None]:
    """Gives a step copies of what others may write, and a place to work that its workers see.

    Args:
        executor_input: As `executor_io.for_tfx` makes it; changed in place.
        staging: Knows which folders are shared; learns which paths are copies.
        runner: Beam's runner where its workers are other pods; empty where it works here.

    Raises:
        DataError: If workers would not see an artifact.
    """
    inputs = [each["artifacts"] for each in executor_input["inputs"]["artifacts"].values()]
    # KFP writes no empty mapping: a step may have no outputs, and then no `artifacts`.
    given = executor_input["outputs"].get("artifacts", {})
    outputs = [each["artifacts"] for each in given.values()]
    if runner:
        for artifact in sum(inputs + outputs, []):
            _check_seen(artifact["uri"], staging, runner)
    shared = [artifact for artifact in sum(inputs, []) if staging.is_shared(artifact["uri"])]
    if not runner and not shared:
        yield
        return
    from tfx.dsl.io import fileio

    if runner and outputs:
        scratch = os.path.join(os.path.dirname(outputs[0][0]["uri"]), _SCRATCH)
        executor_input["outputs"]["outputFile"] = os.path.join(scratch, "output_metadata.json")
        remove(scratch)
        fileio.makedirs(scratch)
    else:
        scratch = tempfile.mkdtemp(prefix="lianxi-")
    try:
        copies: dict[str, str] = {}
        for number, artifact in enumerate(shared):
            copy = copies.setdefault(artifact["uri"], os.path.join(scratch, "inputs", str(number)))
            staging.note_copy(artifact["uri"], copy)
            artifact["uri"] = copy
        copy_at_rest(copies)
        yield
    finally:
        remove(scratch)


def remove(folder: str) -> None:
    """Removes a folder of temporary files; says so where it cannot, which is no fault of the step.

    Args:
        folder: Local or remote, there or not.
    """
    from tfx.dsl.io import fileio

    try:
        if fileio.exists(folder):
            fileio.rmtree(folder)
    except Exception:
        # A network file system keeps files that a worker has open.
        _log.warning("%s could not be removed", folder, exc_info=True)


def copy_at_rest(copies: Mapping[str, str]) -> None:
    """Copies files and folders that others may be writing.

    A file has to stay as it is for two seconds after it was copied.

    Args:
        copies: What each becomes; nothing happens where there is nothing.

    Raises:
        DataError: If a file does not come to rest.
    """
    pending = dict(_files(copies))
    found: dict[str, tuple[int, int]] = {}
    for _ in range(_TRIES):
        for source, target in pending.items():
            found[source] = _state(source)
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        time.sleep(_REST_S)
        pending = {
            source: target
            for source, target in _files(copies)
            if _state(source) != found.get(source) or os.path.getsize(target) != found[source][0]
        }
        if not pending:
            return
    raise DataError(
        f"{min(pending)} is written again and again; expected it to rest after {_TRIES} attempts "
        "to copy it; start the step again when fewer steps read it"
    )


def _files(copies: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Gives all files that are copied, and what they become."""
    for source, target in copies.items():
        if os.path.isfile(source):
            yield source, target
        for folder, _, names in os.walk(source):
            for name in names:
                path = os.path.join(folder, name)
                yield path, os.path.join(target, os.path.relpath(path, source))


def _state(path: str) -> tuple[int, int]:
    """Gives size and time of a file; opening it first has network file systems look anew."""
    with open(path, "rb") as file:
        found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def _check_seen(path: str, staging: Staging, runner: str) -> None:
    """Raises `DataError` for an artifact that only this pod sees."""
    if "://" in path or staging.is_shared(path):
        return
    uri = staging.uri(path)
    folder = staging.folder_of(path) or "minio"
    raise DataError(
        f"workers of {runner} do not see {uri}: KFP stages it in this pod; expected artifacts in "
        f"gs:// (pipeline_root in the configuration), or a volume at /{folder} that steps (volumes "
        "in the configuration) and workers mount"
    )
