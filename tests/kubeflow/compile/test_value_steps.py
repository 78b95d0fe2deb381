"""Steps that look at files: their values change with data and models, and the cache sees them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from launcher import Cluster, Run
from launcher_packages import constant, step, write_package
from launcher_process import Forks

from kubeflow.compile import value_steps
from kubeflow.step.data_fingerprint import NO_DATA, fingerprint


def test_it_follows_names_sizes_and_times(tmp_path: Path) -> None:
    file = tmp_path / "sub/a.csv"
    file.parent.mkdir()
    file.write_text("x", encoding="utf-8")
    os.utime(file, ns=(1, 1))
    values = [fingerprint(str(tmp_path)), fingerprint(str(tmp_path))]
    os.utime(file, ns=(2, 2))
    values.append(fingerprint(str(tmp_path)))
    file.write_text("xy", encoding="utf-8")
    os.utime(file, ns=(2, 2))
    values.append(fingerprint(str(tmp_path)))
    file.rename(tmp_path / "sub/b.csv")
    values.append(fingerprint(str(tmp_path)))
    assert values[0] == values[1]
    assert len(set(values)) == 4
    assert fingerprint(str(tmp_path / "sub/b.csv")) != NO_DATA


def test_recordings_count_where_a_list_of_them_is_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wav").mkdir()
    for name in ("list.csv", "other.csv", "wav/1.wav", "wav/2.FLAC"):
        (tmp_path / name).write_text("")
    data = str(tmp_path / "list.csv")
    values = [fingerprint(data)]
    for name in ("list.csv", "wav/1.wav", "wav/2.FLAC"):
        os.utime(tmp_path / name, ns=(1, 1))
        values.append(fingerprint(data))
    assert len(set(values)) == 4
    os.utime(tmp_path / "other.csv", ns=(1, 1))
    assert fingerprint(data) == values[-1]
    monkeypatch.chdir(tmp_path)
    assert fingerprint("list.csv") != fingerprint("nowhere.csv")


def test_a_new_span_counts(tmp_path: Path) -> None:
    (tmp_path / "span-1").mkdir()
    (tmp_path / "span-1/a.csv").write_text("x", encoding="utf-8")
    data = f"{tmp_path}/span-{{SPAN}}"
    before = fingerprint(data)
    (tmp_path / "span-2").mkdir()
    (tmp_path / "span-2/a.csv").write_text("x", encoding="utf-8")
    assert fingerprint(data) != before


def test_no_data_and_none_there_are_no_error(tmp_path: Path) -> None:
    assert fingerprint("") == NO_DATA
    assert fingerprint(str(tmp_path / "nowhere")) == fingerprint(str(tmp_path / "nor-here"))


def _package(path: Path) -> Path:
    """A package whose ExampleGen says what it was given."""
    import yaml

    data: dict[str, Any] = {"type": "STRING", "componentInputParameter": "data"}
    reader = step("pass", inputs={"data": data}, cache=True)
    parameters = {"data": {"parameterType": "STRING", "defaultValue": "", "isOptional": True}}
    write_package(path, {"ExampleGen": reader}, parameters)
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    value_steps.add_data_fingerprint(spec)
    path.write_text(yaml.safe_dump(spec), encoding="utf-8")
    return path


def test_the_cache_sees_changed_data(tmp_path: Path) -> None:
    package = _package(tmp_path / "p.yaml")
    cluster = Cluster(tmp_path / "cluster")
    data = tmp_path / "data"
    data.mkdir()
    states = []
    for text in ("one", "one", "other"):
        if not (data / text).exists():
            (data / text).write_text(text, encoding="utf-8")
        run = cluster.run(package, {"data": str(data)})
        assert run.states["DataFingerprint"] == "succeeded", run.logs
        states.append(run.states["ExampleGen"])
    assert states == ["succeeded", "cached", "succeeded"]


def test_the_step_needs_no_tensorflow() -> None:
    code = "import sys, kubeflow.step.data_fingerprint; assert 'tensorflow' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_step_runs_in_an_interpreter_of_its_own(tmp_path: Path) -> None:
    """Elsewhere it is forked with its imports made."""
    package = _model_package(tmp_path / "p.yaml", tmp_path / "models")
    run = Cluster(tmp_path / "cluster").run(package, {"seed": "a"})
    assert run.succeeded, run.logs
    assert run.outputs["PushedVersion"].parameters == {"version": "none"}


_TRAIN = """
import pathlib, sys, uuid
model = pathlib.Path(sys.argv[1], "Format-Serving")
model.mkdir(parents=True)
(model / "saved_model.pb").write_text("graph")
(model / "fingerprint.pb").write_text(uuid.uuid4().hex)
"""


def _model_package(path: Path, models: Path) -> Path:
    """A package whose Trainer makes a model, whose PushedModel says what it was given."""
    import yaml

    seed: dict[str, Any] = {"type": "STRING", "componentInputParameter": "seed"}
    told = {"models_dir": constant(str(models), "STRING"), "task_name": constant("t", "STRING")}
    output = "{{$.outputs.artifacts['model'].path}}"
    trainer = step(_TRAIN, output, inputs={"seed": seed}, outputs=("model",), cache=True)
    copier = step("pass", inputs=told, cache=True)
    parameters = {"seed": {"parameterType": "STRING"}}
    write_package(path, {"Trainer": trainer, "PushedModel": copier}, parameters)
    spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    value_steps.add_pushed_version(spec)
    path.write_text(yaml.safe_dump(spec), encoding="utf-8")
    return path


def _push(run: Run, cluster: Cluster, folder: Path) -> None:
    """Copies the run's model, as Pusher does."""
    uri = run.outputs["Trainer"].artifacts["model"].uri
    cluster.store.download(uri, folder.parent / "artifact")
    shutil.move(folder.parent / "artifact/Format-Serving", folder)
    shutil.rmtree(folder.parent / "artifact")


def test_the_cache_sees_a_model_that_another_run_pushed_and_not_the_candidate(
    tmp_path: Path, forks: Forks
) -> None:
    models = tmp_path / "models"
    (models / "t").mkdir(parents=True)
    package = _model_package(tmp_path / "p.yaml", models)
    cluster = Cluster(tmp_path / "cluster", execute=forks.run)
    found = []
    for number, seed in enumerate("aabbab"):
        run = cluster.run(package, {"seed": seed})
        assert run.states["PushedVersion"] == "succeeded", run.logs
        version = run.outputs["PushedVersion"].parameters["version"]
        found.append((version, run.states["PushedModel"]))
        if run.states["PushedModel"] == "succeeded":
            _push(run, cluster, models / "t" / str(number))
    assert found == [
        ("none", "succeeded"),  # a is new, and pushed as 0
        ("none", "cached"),
        ("0", "succeeded"),  # b, pushed as 2
        ("0", "cached"),
        ("2", "succeeded"),  # back to a: pushed as 4
        ("4", "succeeded"),
    ]
