"""The configuration of a cluster: where settings come from, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kubeflow.config import KubeflowConfig, Resources, Volume, load, parse
from kubeflow.settings import ConfigError

EXAMPLE = Path(__file__).resolve().parents[2] / "kubeflow/config.example.yaml"
VARIABLES = (
    "LIANXI_KUBEFLOW_CONFIG", "LIANXI_IMAGE", "LIANXI_PIPELINE_ROOT", "LIANXI_MODELS_DIR",
    "LIANXI_DATA", "LIANXI_SERVICE_ACCOUNT",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_the_example_shows_every_setting() -> None:
    config = load(str(EXAMPLE))
    text = EXAMPLE.read_text(encoding="utf-8")
    for name in KubeflowConfig.__dataclass_fields__:
        assert f"\n{name}:" in text
    assert config.resources_of("Trainer").accelerators == 1
    assert config.resources_of("Pusher") == Resources(cpu=2.0, memory_gb=4.0)
    assert config.volumes[0] == Volume(claim="lianxi-models", path="/models")


def test_without_anything_there_are_defaults() -> None:
    assert load() == KubeflowConfig()


def test_the_line_goes_before_variables_and_these_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kubeflow.yaml"
    file.write_text("image: file\ndata: /file\nmodels_dir: /file\n", encoding="utf-8")
    monkeypatch.setenv("LIANXI_KUBEFLOW_CONFIG", str(file))
    monkeypatch.setenv("LIANXI_DATA", "/variable")
    monkeypatch.setenv("LIANXI_MODELS_DIR", "/variable")
    config = load(None, {"models_dir": "/line", "image": None})
    assert (config.image, config.data, config.models_dir) == ("file", "/variable", "/line")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"imag": "x"}, "did you mean 'image'"),
        ({"image": 3}, "image must be text, found 3; put it in quotes"),
        ({"caching": "yes"}, "caching must be true or false, found 'yes'"),
        ({"train_steps": 1.5}, "train_steps must be a whole number"),
        ({"keep_versions": -1}, "keep_versions must not be negative"),
        ({"train_steps": -1}, "train_steps must not be negative"),
        ({"env": {"A": 1}}, "env, A must be text, found 1"),
        ({"env": {"A B": "1"}}, "'A B' is no variable's name"),
        ({"resources": {"Trainer": {"gpu": 1}}}, "resources, Trainer has no setting 'gpu'"),
        ({"resources": {"Trainer": {"accelerators": 1}}}, "go together"),
        ({"resources": {"Trainer": {"cpu": -1}}}, "must not be negative"),
        ({"resources": ["Trainer"]}, "expected `name: value`"),
        ({"volumes": {"claim": "x"}}, "expected a list"),
        ({"volumes": [{"claim": "x"}]}, "volumes, entry 1 lacks path"),
        ({"volumes": [{"claim": "x_y", "path": "/a"}]}, "no name of a Kubernetes object"),
        ({"volumes": [{"claim": "x", "path": "a"}]}, "'a' is not absolute"),
        (
            {"volumes": [{"claim": "x", "path": "/a"}, {"claim": "y", "path": "/a"}]},
            "/a is mounted twice",
        ),
        ({"secrets": [{"secret": "x"}]}, "needs env or path"),
        ({"pipeline_root": "/volume"}, "pipeline_root must begin with minio://"),
        ({"models_dir": "models"}, "models_dir must be an absolute path"),
        ({"data": "ftp://host"}, "data must be an absolute path"),
        ({"image": "a b"}, "image must name a container image"),
    ],
)
def test_what_a_cluster_cannot_do_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse(settings)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "is not YAML"), ("- a\n", "expected settings"), ("a: 1\n", "has no setting 'a'")],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "kubeflow.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        load(str(file))
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there_names_the_example() -> None:
    with pytest.raises(ConfigError, match=r"config.example.yaml"):
        load("nowhere.yaml")
