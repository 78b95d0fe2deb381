"""The step DataFingerprint: its value changes with the data, and goes to ExampleGen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from launcher import Cluster
from launcher_packages import step, write_package

from kubeflow import fingerprint_step
from kubeflow.fingerprint import NO_DATA, fingerprint


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
    fingerprint_step.add(spec)
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
    code = "import sys, kubeflow.fingerprint; assert 'tensorflow' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
