"""What a step says of a place where it may not write or read."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from components.pushed_versions import publish
from kubeflow.step import refusals
from kubeflow.step.data_fingerprint import fingerprint
from kubeflow.step.refusals import explain_in_step
from modules.common.runtime.errors import DataError

NOBODY = 65534


@contextmanager
def of_a_step() -> Iterator[None]:
    """Works as a user who is not root, as steps do."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def volume() -> Iterator[Path]:
    """A folder that all may look at and only its owner may write, as of a fresh volume."""
    folder = Path(tempfile.mkdtemp(prefix="lianxi-volume-"))
    model = folder / "model"
    model.mkdir()
    (model / "saved_model.pb").write_bytes(b"graph")
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def _said(volume: Path) -> str:
    with of_a_step(), pytest.raises(OSError) as failed:
        publish(str(volume / "model"), str(volume / "models/name_gender"))
    with of_a_step():
        return explain_in_step(failed.value)


def test_a_fresh_volume_is_roots(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_mount_of", lambda _: str(volume))
    said = _said(volume)
    user = NOBODY if os.geteuid() == 0 else os.geteuid()
    assert said.startswith(f"no permission to write {volume}/models")
    assert f"{volume} belongs to user {os.getuid()}, group {os.getgid()}, mode 555" in said
    assert f"this step is user {user}, groups" in said
    assert "kubectl apply -k kubeflow/manifests/volume" in said


def test_no_volume_is_mounted(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "_mount_of", lambda _: "/")
    assert "no volume is mounted there" in _said(volume)


def test_a_volume_is_read_only(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class ReadOnly:
        f_flag = os.ST_RDONLY

    monkeypatch.setattr(refusals, "_mount_of", lambda _: str(volume))
    monkeypatch.setattr(os, "statvfs", lambda _: ReadOnly)
    error = OSError(errno.EROFS, os.strerror(errno.EROFS), f"{volume}/models")
    assert f"the volume at {volume} is mounted read-only" in explain_in_step(error)


def test_data_may_not_be_read(volume: Path) -> None:
    (volume / "model").chmod(0o700)
    if os.geteuid():
        (volume / "model").chmod(0o000)
    with of_a_step():
        error = PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(volume / "model"))
        said = explain_in_step(error)
    (volume / "model").chmod(0o755)
    assert said.startswith(f"no permission to read {volume}/model: ")


def test_tensorflows_words_are_understood(volume: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tfx.dsl.io import fileio

    monkeypatch.setattr(refusals, "_mount_of", lambda _: str(volume))
    with of_a_step():
        with pytest.raises(Exception) as failed:
            fileio.makedirs(str(volume / "models"))
        assert f"write {volume}/models" in explain_in_step(failed.value)


def test_other_words_stay_and_name_no_root() -> None:
    assert explain_in_step(DataError("no data in /x")) == "no data in /x"
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/models/x")
    assert "--root" not in explain_in_step(full) and "/models/x" in explain_in_step(full)


def test_a_process_ends_with_a_line_and_the_trace_of_a_fault(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="error: PushedVersion failed: nothing there"):
        refusals.end("PushedVersion", DataError("nothing there"))
    assert "Traceback" not in capsys.readouterr().err
    try:
        fingerprint(3)  # type: ignore[arg-type]
    except TypeError as error:
        with pytest.raises(SystemExit, match="TypeError"):
            refusals.end("DataFingerprint", error)
    assert "Traceback" in capsys.readouterr().err
