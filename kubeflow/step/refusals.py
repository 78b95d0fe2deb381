"""Says what the system refuses a step, in words of a cluster: volumes, mounts, users.

Steps run as user 1000, and KFP gives their pods no `fsGroup`, so that a fresh volume, which belongs
to root, cannot be written.

Source: kubeflow/pipelines, `initPodSpecPatch` in backend/src/v2/driver/driver.go.
"""

from __future__ import annotations

import os
import stat
import sys
import traceback
from pathlib import Path
from typing import NoReturn

from pipelines.explanations import explain, forbidden_place, is_fault

_ELSEWHERE = "name another place in the configuration"


def explain_in_step(error: BaseException) -> str:
    """Says what went wrong in a step, for people.

    Args:
        error: The exception, with those that it came of.
    """
    path = forbidden_place(error)
    return _forbidden(os.path.abspath(path)) if path else explain(error, elsewhere=_ELSEWHERE)


def end(step: str, error: BaseException) -> NoReturn:
    """Ends a process that failed with a line, and code 1; above it the trace of a fault.

    Args:
        step: Name of the step.
        error: What went wrong.
    """
    if is_fault(error):
        traceback.print_exception(error)
    sys.exit(f"error: {step} failed: {explain_in_step(error)}")


def _forbidden(path: str) -> str:
    """Says whose the place is, who the step is, and what to do."""
    folder = _nearest(path)
    mount = _mount_of(folder)
    owner = _owner(folder)
    me = f"this step is user {os.geteuid()}, groups {', '.join(map(str, _groups()))}"
    if os.path.exists(path) and not os.access(path, os.R_OK, effective_ids=True):
        return (
            f"no permission to read {path}: {owner}, and {me}; expected that they may read it "
            "(chmod where the volume comes from)"
        )
    if mount == "/":
        return (
            f"cannot write {path}: no volume is mounted there, {owner}, and {me}; mount one "
            "(volumes in the configuration: {claim: NAME, path: FOLDER}), or " + _ELSEWHERE
        )
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return (
            f"cannot write {path}: the volume at {mount} is mounted read-only; expected a claim "
            "with accessModes ReadWriteOnce or ReadWriteMany"
        )
    return (
        f"no permission to write {path}: {owner}, and {me}; a fresh volume belongs to root: "
        "`kubectl apply -k kubeflow/manifests/volume` hands it to steps (docs/kubeflow.md)"
    )


def _nearest(path: str) -> str:
    """Gives the path, or the nearest folder above it that is there."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path


def _mount_of(path: str) -> str:
    while not os.path.ismount(path):
        path = os.path.dirname(path)
    return path


def _owner(path: str) -> str:
    state = Path(path).stat()
    return (
        f"{path} belongs to user {state.st_uid}, group {state.st_gid}, "
        f"mode {stat.S_IMODE(state.st_mode):o}"
    )


def _groups() -> list[int]:
    return sorted({os.getegid(), *os.getgroups()})
