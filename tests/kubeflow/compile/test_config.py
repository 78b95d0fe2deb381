"""The configuration of a cluster: where settings come from, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from kubeflow.compile.config import BY_STEP, KubeflowConfig, load, parse
from kubeflow.compile.pods import Resources, Retries, Toleration, Volume
from kubeflow.compile.settings import ConfigError

EXAMPLE = Path(__file__).resolve().parents[3] / "kubeflow/config.example.yaml"
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
    [toleration] = config.tolerations["Trainer"]
    assert toleration == Toleration(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule")
    assert config.retries_of("Pusher") == Retries(count=2, wait_s=30, factor=2)
    assert config.retries_of("Trainer").within_s == 3 * 24 * 3600
    assert config.image_pull_secrets == ("registry-key",)


def test_what_is_by_step_is_said_to_be() -> None:
    """So that a step that is not there is found wherever it is named."""
    named = {
        name
        for name, value in vars(KubeflowConfig()).items()
        if isinstance(value, dict) and name != "env"
    }
    assert named == set(BY_STEP)


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
        (
            {"env": {"A": "1"}, "secrets": [{"secret": "x", "env": {"A": "a"}}]},
            "the variable A is set twice",
        ),
        ({"resources": {"Trainer": {"gpu": 1}}}, "resources, Trainer has no setting 'gpu'"),
        ({"resources": {"Trainer": {"accelerators": 1}}}, "go together"),
        ({"resources": {"Trainer": {"cpu": -1}}}, "must not be negative"),
        ({"env": {True: "1"}}, "env: the name True must be text; put it in quotes"),
        ({"resources": ["Trainer"]}, "expected `name: value`"),
        ({"resources": {"Trainer": 2}}, "Trainer: expected settings, `name: value`, found 2"),
        ({"resources": {"Trainer": {"cpu": True}}}, "Trainer, cpu must be a number, found True"),
        ({"resources": {"Trainer": {"cpu": math.nan}}}, "must be a number that is finite"),
        ({1: "x"}, "the settings has no setting '1'"),
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
        (
            {"beam_args": "--runner=x"},
            r"beam_args: expected a list, `\[a, b\]`, found '--runner=x'",
        ),
        ({"tolerations": {"Trainer": {"key": "a"}}}, "tolerations, Trainer: expected a list"),
        ({"tolerations": {"Trainer": [{"keys": "a"}]}}, "entry 1 has no setting 'keys'; did you"),
        ({"tolerations": {"T": [{"key": "a", "operator": "In"}]}}, "one of Equal, Exists, found"),
        ({"tolerations": {"T": [{"key": "a", "effect": "No"}]}}, "effect must be one of NoSch"),
        ({"tolerations": {"T": [{"value": "a"}]}}, "operator Equal needs the key of a taint"),
        (
            {"tolerations": {"T": [{"key": "a", "operator": "Exists", "value": "b"}]}},
            "Exists takes no value, found 'b'",
        ),
        ({"tolerations": {"T": [{"key": "a", "toleration_seconds": 3}]}}, "goes with the effect"),
        ({"tolerations": {"T": [{"key": "a", "toleration_seconds": 0}]}}, "evicts at once"),
        ({"node_selector": {"Trainer": {"gpu": True}}}, "Trainer, gpu must be text, found True"),
        ({"node_selector": {"Trainer": {"gpu": "a b"}}}, "'a b' is no label's value"),
        ({"node_selector": {"Trainer": {"g pu": "a"}}}, "'g pu' is no label's name"),
        ({"shared_memory_gb": 2}, "shared_memory_gb: expected `name: value`, found 2"),
        ({"shared_memory_gb": {"Trainer": "2"}}, "Trainer must be a number, found '2'"),
        ({"shared_memory_gb": {"Trainer": -2}}, "must not be negative, found -2"),
        (
            {"shared_memory_gb": {"default": 8}, "resources": {"Trainer": {"memory_gb": 8}}},
            "Trainer counts as memory: expected less than its memory_gb, 8, found 8",
        ),
        ({"retries": {"Trainer": {"count": -1}}}, "retries of Trainer: count must be from 0"),
        ({"retries": {"Trainer": {"factor": 1.5}}}, "factor must be a whole number, found 1.5"),
        ({"retries": {"Trainer": {"factor": 0}}}, "factor must be from 1"),
        ({"retries": {"Trainer": {"count": 1, "within_s": 30}}}, "within_s must be more than wait"),
        ({"image_pull_secrets": "key"}, "image_pull_secrets: expected a list"),
        ({"image_pull_secrets": ["A_B"]}, "'A_B' is no name of a Kubernetes object"),
        ({"volumes": [{"claim": "x.y", "path": "/a"}]}, "'x.y' is no name .* that KFP can mount"),
        (
            {
                "volumes": [{"claim": "x", "path": "/a"}],
                "secrets": [{"secret": "x", "path": "/b"}],
            },
            "x is the name of two volumes",
        ),
    ],
)
def test_what_a_cluster_cannot_do_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse(settings)


def test_all_that_is_wrong_is_said_at_once() -> None:
    settings = {"imag": "x", "image": None, "secrets": [{"secret": "x", "env": {"A": 1}}]}
    with pytest.raises(ConfigError) as caught:
        parse(settings, "kubeflow.yaml")
    assert str(caught.value) == (
        "kubeflow.yaml: image must be text, found None; secrets, entry 1, env, A must be text, "
        "found 1; put it in quotes; it has no setting 'imag'; did you mean 'image'?"
    )


def test_a_setting_whose_entries_are_all_commented_out_is_empty() -> None:
    names = {*BY_STEP, "env", "volumes", "secrets", "image_pull_secrets", "beam_args"}
    assert parse(dict.fromkeys(names)) == KubeflowConfig()


def test_digits_are_a_number_as_variables_give_them() -> None:
    config = parse({"train_steps": " 7", "resources": {"Trainer": {"cpu": 2}}})
    assert config.train_steps == 7
    assert isinstance(config.resources_of("Trainer").cpu, float)


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
