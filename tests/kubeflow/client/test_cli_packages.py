"""`lianxi tfx pipeline`, given a package in the place of a pipeline file."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from api_server import ApiServer
from asking import PIPELINE_FILE, PLATFORM, SPEC, Ask, fails

from modules.common.runtime.errors import LianxiError


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package as `lianxi compile --warm-start` writes one, but for its length."""
    spec = {**SPEC, "pipelineInfo": {"name": "name-gender"}, "sdkVersion": "warm"}
    path = tmp_path / "warm.yaml"
    path.write_text(yaml.safe_dump_all([spec, PLATFORM]), encoding="utf-8")
    return path


def test_a_package_is_uploaded_as_it_is(server: ApiServer, ask: Ask, package: Path) -> None:
    code, out, err = ask(f"pipeline create --pipeline_path {package}")
    assert (code, err) == (0, "")
    assert 'Pipeline "name_gender" created successfully.' in out
    (first,) = server.state.versions.values()
    assert first["pipeline_spec"]["pipeline_spec"]["sdkVersion"] == "warm"
    assert [each["display_name"] for each in server.state.experiments.values()] == ["name_gender"]
    fails(ask(f"pipeline create --pipeline_path {package}"), "already", "pipeline update")


def test_a_package_is_a_new_version(server: ApiServer, ask: Ask, package: Path) -> None:
    assert ask(f"pipeline create --pipeline_path {PIPELINE_FILE}")[0] == 0
    assert ask(f"pipeline update --pipeline_path {package}")[0] == 0
    specs = [each["pipeline_spec"]["pipeline_spec"] for each in server.state.versions.values()]
    assert [spec.get("sdkVersion") == "warm" for spec in specs] == [False, True]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pipelineInfo: {name: other}", "found a pipeline 'other'"),
        ("a: 1", "found something else"),
        ("- a", "found something else"),
        ("pipelineInfo: name-gender", "found something else"),
        ("a: [", "found something else"),
        ("", "found something else"),
    ],
)
def test_what_is_no_package_is_refused(ask: Ask, tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "package.yaml"
    path.write_text(text, encoding="utf-8")
    fails(ask(f"pipeline create --pipeline_path {path}"), "lianxi compile", str(path), found)


def test_a_package_that_is_not_there_is_named(ask: Ask) -> None:
    fails(ask("pipeline update --pipeline_path nowhere.yaml"), "none at nowhere.yaml")


def test_a_package_is_not_compiled_again(package: Path) -> None:
    from tfx.tools.cli import labels

    from kubeflow.client.handler import KubeflowHandler

    with pytest.raises(LianxiError, match="expected a pipeline file"):
        flags = {labels.ENGINE_FLAG: "kubeflow", labels.PIPELINE_DSL_PATH: str(package)}
        KubeflowHandler(flags).compile_pipeline()
