"""models.config and monitoring.config as the server reads them, while it runs too."""

import logging

import pytest

from serving.config import METRICS_PATH, ModelEntry, VersionPolicy
from serving.errors import ServingError
from serving.files.models_config import CONTAINER_ROOT, ModelsFile, models_config
from serving.files.monitoring_config import monitoring_config, read_monitoring_config


def _replace(path, text):
    """Writes a file so that nobody sees it half written."""
    path.with_suffix(".new").write_text(text, encoding="utf-8")
    path.with_suffix(".new").rename(path)


def _entries(path, **entries):
    _replace(path, models_config({name: ModelEntry(place) for name, place in entries.items()}))


def test_a_file_that_changes_while_the_server_runs(tmp_path, publish, serve, until, fails, caplog):
    first = publish(tmp_path, "first", 1).parent
    second = publish(tmp_path, "second", 2).parent
    path = tmp_path / "models.config"
    _entries(path, first=first)
    _, stubs = serve(ModelsFile(path, poll_s=0.05))
    assert stubs.predict("first", name=["a"])["label"] == [b"v1:a"]
    _entries(path, first=first, second=second)
    until(lambda: "second" in _served(stubs))
    # While it cannot be read, what is served stays, and that is said once.
    _replace(path, "model_config_list {")
    until(lambda: _said(caplog, "Invalid protobuf file"))
    path.unlink()
    until(lambda: _said(caplog, "no such file"))
    _replace(path, "")
    until(lambda: _said(caplog, "lists no model any more"))
    assert _served(stubs) == {"first", "second"}
    assert len(_said(caplog, "what is served stays as it is")) == 3
    _entries(path, second=second)
    until(lambda: _served(stubs) == {"second"})


def _said(caplog, words):
    messages = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    return [message for message in messages if words in message]


def _served(stubs):
    served = set()
    for name in ("first", "second"):
        try:
            served |= {name} if "AVAILABLE" in stubs.states(name).values() else set()
        except Exception:
            continue
    return served


def test_a_file_is_read_once_unless_told_otherwise(tmp_path):
    path = tmp_path / "models.config"
    _entries(path, one=tmp_path)
    models = ModelsFile(path)
    _entries(path, two=tmp_path)
    assert set(models()) == {"one"}


def test_labels_that_may_not_be_leave_all_as_it_was(tmp_path, publish, serve, until, caplog):
    first = publish(tmp_path, "first", 1).parent
    second = publish(tmp_path, "second", 1).parent
    path = tmp_path / "models.config"

    def write(label, **others):
        entry = ModelEntry(first, VersionPolicy.all(), {"stable": label})
        entries = {name: ModelEntry(place) for name, place in others.items()}
        _replace(path, models_config({"first": entry, **entries}))

    write(1)
    _, stubs = serve(ModelsFile(path, poll_s=0.05))
    assert stubs.predict("first", label="stable", name=["a"])["label"] == [b"v1:a"]
    # As in TensorFlow Serving, a label moves to a version that is there already, and before that
    # nothing else in the file is done.
    write(2, second=second)
    until(lambda: _said(caplog, "the labels stay as they were"))
    assert stubs.predict("first", label="stable", name=["a"])["label"] == [b"v1:a"]
    publish(tmp_path, "first", 2)
    until(lambda: stubs.states("first") == {1: "AVAILABLE", 2: "AVAILABLE"})
    until(lambda: _served(stubs) == {"first", "second"})
    assert stubs.predict("first", label="stable", name=["a"])["label"] == [b"v2:a"]


def test_a_refused_label_keeps_new_models_out(tmp_path, publish, serve, until, caplog):
    first = publish(tmp_path, "first", 1).parent
    second = publish(tmp_path, "second", 1).parent
    path = tmp_path / "models.config"
    _replace(path, models_config({"first": ModelEntry(first, labels={"stable": 1})}))
    server, stubs = serve(ModelsFile(path, poll_s=0.05))
    moved = ModelEntry(first, labels={"stable": 2})
    _replace(path, models_config({"first": moved, "second": ModelEntry(second)}))
    until(lambda: _said(caplog, "the labels stay as they were"))
    server._manager.reconcile()
    assert _served(stubs) == {"first"}


def test_the_containers_own_file_is_read_too(tmp_path):
    path = tmp_path / "models.config"
    path.write_text(
        f'model_config_list {{ config {{ name: "a" base_path: "{CONTAINER_ROOT}/a" '
        'model_platform: "tensorflow" } config { name: "b" base_path: "/elsewhere/b" '
        'model_platform: "tensorflow" } }'
    )
    entries = ModelsFile(path, container_root=tmp_path / "pushed")()
    assert str(entries["a"].base_path) == str(tmp_path / "pushed" / "a")
    assert str(entries["b"].base_path) == "/elsewhere/b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'model_config_list { config { name: "a" base_path: "b/c" } }',
            r"Expected model a to have an absolute path or URI; got base_path\(\)=b/c",
        ),
        ("custom_model_config {}", "expected model_config_list, got custom_model_config"),
        ('model_config_list { config { nam: "a" } }', '1:3[0-9].* no field named "nam"'),
    ],
)
def test_bad_files(tmp_path, text, message):
    path = tmp_path / "models.config"
    path.write_text(text)
    with pytest.raises(ServingError, match=message):
        ModelsFile(path)


@pytest.mark.parametrize("metrics_path", [None, METRICS_PATH, '/a "quoted" \\ path', "/指标"])
def test_monitoring_round_trip(tmp_path, metrics_path):
    (tmp_path / "m").write_text(monitoring_config(metrics_path))
    assert read_monitoring_config(tmp_path / "m") == metrics_path


def test_monitoring_defaults(tmp_path):
    (tmp_path / "m").write_text("prometheus_config { enable: true }")
    assert read_monitoring_config(tmp_path / "m") == METRICS_PATH
    (tmp_path / "m").write_text("")
    assert read_monitoring_config(tmp_path / "m") is None
    (tmp_path / "m").write_text('prometheus_config { enable: true path: "metrics" }')
    with pytest.raises(ServingError, match="begins with /, got 'metrics'"):
        read_monitoring_config(tmp_path / "m")
