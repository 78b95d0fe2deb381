"""Folders that go away, cannot be read, are mended or hold what is no model."""

import errno
import logging
import os
import shutil

import pytest
import tensorflow as tf

from serving.config import VersionPolicy
from serving.models import versions
from serving.models.registry import Registry


def _label(stubs, model="tiny", **target):
    return stubs.predict(model, name=["a"], **target)["label"][0].decode()


@pytest.fixture
def unreadable(monkeypatch):
    """Folders and files that cannot be read, also by a test that runs as root."""
    closed = set()
    real_listdir, real_stat = os.listdir, os.stat

    def check(path):
        text = os.fspath(path) if not isinstance(path, int) else ""
        for name in closed:
            if text == str(name) or text.startswith(f"{name}/"):
                raise PermissionError(errno.EACCES, "Permission denied", text)

    def listdir(path="."):
        check(path)
        return real_listdir(path)

    def stat(path, *args, **kwargs):
        if str(path) not in {str(name) for name in closed}:
            check(path)
        return real_stat(path, *args, **kwargs)

    monkeypatch.setattr(os, "listdir", listdir)
    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.setattr("pathlib.Path.stat", lambda self, **kwargs: stat(str(self)))
    return closed


def _warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_root_that_is_away_for_a_moment(tmp_path, publish, serve, caplog):
    root = tmp_path / "root"
    publish(root, "tiny", 1)
    server, stubs = serve(root, poll_interval_s=60)
    root.rename(tmp_path / "away")
    for _ in range(3):
        server._manager.reconcile()
    assert _label(stubs) == "v1:a"
    # An empty folder in its place is what a mount point without its disk looks like.
    root.mkdir()
    server._manager.reconcile()
    assert _label(stubs) == "v1:a"
    root.rmdir()
    (tmp_path / "away").rename(root)
    publish(root, "tiny", 2)
    server._manager.reconcile()
    assert _label(stubs) == "v2:a"
    said = [text for text in _warnings(caplog) if "keeping what is served" in text]
    assert len(said) == 2


def test_base_path_that_is_away_and_one_that_is_empty(tmp_path, publish, serve, until, fails):
    path = publish(tmp_path, "tiny", 1).parent
    server, stubs = serve({"tiny": path}, poll_interval_s=60)
    path.rename(tmp_path / "away")
    server._manager.reconcile()
    assert _label(stubs) == "v1:a"
    path.mkdir()
    server._manager.reconcile()
    until(lambda: stubs.states("tiny") == {1: "END"})
    fails("NOT_FOUND", stubs.predict, "tiny", name=["a"])


def test_unreadable_folder_stops_nothing_and_is_said_once(
    tmp_path, publish, serve, unreadable, caplog
):
    publish(tmp_path, "tiny", 1)
    publish(tmp_path, "shut", 1)
    (tmp_path / "lost+found").mkdir()
    unreadable.add(tmp_path / "lost+found")
    server, stubs = serve(tmp_path, poll_interval_s=60)
    assert _label(stubs) == _label(stubs, "shut") == "v1:a"
    unreadable.add(tmp_path / "shut")
    publish(tmp_path, "tiny", 2)
    for _ in range(3):
        server._manager.reconcile()
    # The others go on, and what was loaded of the folder stays.
    assert _label(stubs) == "v2:a"
    assert _label(stubs, "shut") == "v1:a"
    said = _warnings(caplog)
    assert len([text for text in said if "lost+found: permission denied" in text]) == 1
    assert len([text for text in said if "shut: permission denied" in text]) == 1
    assert len(said) == 2
    unreadable.clear()
    publish(tmp_path, "shut", 2)
    server._manager.reconcile()
    assert _label(stubs, "shut") == "v2:a"


def test_version_mended_by_chmod(tmp_path, publish, serve, unreadable, until):
    publish(tmp_path, "tiny", 1)
    closed = publish(tmp_path, "tiny", 2)
    unreadable.add(closed)
    server, stubs = serve(tmp_path, poll_interval_s=60)
    assert _label(stubs) == "v1:a"
    unreadable.clear()
    server._manager.reconcile()
    assert _label(stubs) == "v2:a"
    # A version that is served stays, whatever becomes of its folder's mode.
    unreadable.add(closed)
    server._manager.reconcile()
    assert _label(stubs) == "v2:a"


def test_chmod_of_a_file_is_noticed(tmp_path):
    path = tmp_path / "1" / "saved_model.pb"
    path.parent.mkdir()
    path.write_bytes(b"x")
    before = versions.fingerprint(path.parent)
    path.chmod(0o600)
    assert versions.fingerprint(path.parent) != before
    (path.parent / "round").symlink_to(path.parent)
    assert len(versions.fingerprint(path.parent)) == 1


def test_version_is_tried_again_when_copying_rests(tmp_path, publish, serve, templates):
    publish(tmp_path, "tiny", 1)
    half = tmp_path / "tiny" / "2"
    half.mkdir()
    shutil.copy(templates[2] / "saved_model.pb", half)
    lines = []
    server, stubs = serve(tmp_path, lines, poll_interval_s=60)

    def failures():
        return len([line for line in lines if "version 2 cannot be served" in line])

    assert (failures(), _label(stubs)) == (1, "v1:a")
    shutil.copytree(templates[2] / "assets", half / "assets", dirs_exist_ok=True)
    (half / "variables").mkdir()
    shutil.copy(templates[2] / "variables" / "variables.index", half / "variables")
    server._manager.reconcile()
    assert failures() == 1, "it changed a moment ago"
    [data] = (templates[2] / "variables").glob("variables.data*")
    shutil.copy(data, half / "variables")
    server._manager.reconcile()
    assert failures() == 1
    server._manager.reconcile()
    assert (failures(), _label(stubs)) == (1, "v2:a")


def test_symlinked_version_replaced(tmp_path, publish, serve, templates):
    (tmp_path / "tiny").mkdir()
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "saved_model.pb").write_bytes(b"\xff")
    link = tmp_path / "tiny" / "3"
    link.symlink_to(broken)
    server, stubs = serve({"tiny": tmp_path / "tiny"}, poll_interval_s=60)
    assert stubs.states("tiny") == {3: "END"}
    link.unlink()
    link.symlink_to(templates[1])
    server._manager.reconcile()
    server._manager.reconcile()
    assert _label(stubs) == "v1:a"
    # Once it is served, new content is a new version.
    link.unlink()
    link.symlink_to(templates[2])
    server._manager.reconcile()
    assert _label(stubs) == "v1:a"


def _break(version, damage):
    if damage == "corrupt":
        (version / "saved_model.pb").write_bytes(b"\xff\xff")
    elif damage == "no variables":
        shutil.rmtree(version / "variables")
    elif damage == "unknown operation":
        content = (version / "saved_model.pb").read_bytes()
        assert b"StringJoin" in content
        (version / "saved_model.pb").write_bytes(content.replace(b"StringJoin", b"StringJunk"))
    elif damage == "warm-up":
        path = version / "assets.extra" / "tf_serving_warmup_requests"
        path.parent.mkdir()
        with tf.io.TFRecordWriter(str(path)) as writer:
            writer.write(b"\xff\xff")
    else:
        path = version / "assets.extra" / "tf_serving_warmup_requests"
        path.parent.mkdir()
        path.write_bytes(b"no records" * 9)


@pytest.mark.parametrize(
    "damage", ["corrupt", "no variables", "unknown operation", "warm-up", "no records"]
)
def test_what_is_wrong_with_a_model_is_a_line(tmp_path, publish, serve, caplog, capfd, damage):
    _break(publish(tmp_path, "tiny", 1), damage)
    lines = []
    serve(tmp_path, lines)
    [line] = [line for line in lines if "cannot be served" in line]
    assert "\n" not in line and "INTERNAL" not in line, line
    assert all(record.exc_info is None for record in caplog.records)
    assert "Traceback" not in capfd.readouterr().err


def test_whether_a_model_can_answer(tmp_path, publish, serve, until):
    seen = []
    server, _ = serve(tmp_path, poll_interval_s=60)
    registry = server._registry
    registry.on_can_answer = seen.append
    assert not registry.can_answer()
    publish(tmp_path, "tiny", 1)
    server._manager.reconcile()
    assert registry.can_answer()
    shutil.rmtree(tmp_path / "tiny")
    server._manager.reconcile()
    assert not registry.can_answer()
    assert seen == [True, False]
    assert not Registry(lambda record, seconds: None).can_answer()


def test_labels_of_a_strict_server_come_with_their_versions(tmp_path, publish, serve, until):
    publish(tmp_path, "tiny", 1)
    server, stubs = serve(
        tmp_path,
        version_policy=VersionPolicy.all(),
        version_labels={"tiny": {"stable": 1}},
        allow_labels_for_unavailable=False,
        poll_interval_s=60,
    )
    server._manager.reconcile()
    assert _label(stubs, label="stable") == "v1:a"
