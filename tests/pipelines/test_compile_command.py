"""`lianxi compile`, in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from modules.common.runtime.errors import LianxiError
from pipelines.commands.compile import command

EXAMPLE = Path(__file__).resolve().parents[2] / "kubeflow/config.example.yaml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["name_gender", *arguments])


def test_a_package_is_written_and_told(tmp_path: Path) -> None:
    out = tmp_path / "new/package.yaml"
    result = run("--engine", "kubeflow", "--config", str(EXAMPLE), "--out", str(out))
    assert result.exit_code == 0, result.output
    spec, platform = yaml.safe_load_all(out.read_text(encoding="utf-8"))
    assert spec["pipelineInfo"]["name"] == "name-gender" and platform["platforms"]
    for told in (str(out), "14: ", "Trainer", "registry.example.com", "train_steps = 0", "tfx"):
        assert told in result.output
    assert "note:" not in result.output


def test_options_go_before_the_file(tmp_path: Path) -> None:
    out = tmp_path / "package.yaml"
    result = run(
        "--config", str(EXAMPLE), "--out", str(out), "--image", "other:1", "--train-steps", "7",
        "--data", "/data/here", "--epochs", "3",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    text = out.read_text(encoding="utf-8")
    spec = next(yaml.safe_load_all(text))
    parameters = spec["root"]["inputDefinitions"]["parameters"]
    assert parameters["train_steps"]["defaultValue"] == 7
    assert parameters["data"]["defaultValue"] == "/data/here"
    assert "other:1" in text and "registry.example.com" not in text
    config = spec["root"]["dag"]["tasks"]["Trainer"]["inputs"]["parameters"]["custom_config"]
    assert '"epochs": 3' in config["runtimeValue"]["constant"]


def test_it_is_told_what_steps_ask_for(tmp_path: Path) -> None:
    result = run("--config", str(EXAMPLE), "--out", str(tmp_path / "package.yaml"))
    lines = [line.strip() for line in result.output.splitlines()]
    assert "mounts     /models from the claim lianxi-models" in lines
    assert (
        "Trainer: 4 cores, 16 GB, 1 × nvidia.com/gpu, on nodes with "
        "cloud.google.com/gke-accelerator=nvidia-l4, tolerates nvidia.com/gpu:NoSchedule, "
        "2 GB at /dev/shm, up to 6 attempts"
    ) in lines
    assert "the others: 2 cores, 4 GB, up to 3 attempts" in lines
    assert [line for line in lines if line.startswith("train_steps = 0   At most so many")]


def test_the_next_commands_do_the_same(tmp_path: Path) -> None:
    out = str(tmp_path / "package.yaml")
    result = run(
        "--config", str(EXAMPLE), "--out", out, "--image", "other:1", "--data", "/data/a b"
    )
    create, start = result.output.splitlines()[-2:]
    assert create.strip() == (
        f"LIANXI_KUBEFLOW_CONFIG={EXAMPLE} LIANXI_IMAGE=other:1 LIANXI_DATA='/data/a b' "
        "lianxi tfx pipeline create --engine kubeflow --endpoint URL "
        "--pipeline_path pipelines/name_gender.py"
    )
    assert start.strip() == (
        f"LIANXI_KUBEFLOW_CONFIG={EXAMPLE} lianxi tfx run create --engine kubeflow "
        "--endpoint URL --pipeline_name name_gender"
    )


def test_what_no_configuration_says_is_uploaded_as_a_file(tmp_path: Path) -> None:
    out = str(tmp_path / "package.yaml")
    result = run("--config", str(EXAMPLE), "--out", out, "--warm-start", "--epochs", "3")
    assert "--warm-start, --epochs 3 is in this file alone" in result.output
    create = f"lianxi tfx pipeline create --engine kubeflow --endpoint URL --pipeline_path {out}"
    assert f"\n  {create}\n" in result.output
    assert "pipelines/name_gender.py" not in result.output


def test_what_would_go_wrong_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "kubeflow.yaml"
    file.write_text(
        "resources: {Trainer: {accelerator: nvidia.com/gpu, accelerators: 1}}", encoding="utf-8"
    )
    out = str(tmp_path / "package.yaml")
    result = run("--config", str(file), "--out", out, "--data", "/data")
    assert "no registry has" in result.output
    assert "models_dir /models is on no volume" in result.output
    assert "data /data is on no volume" in result.output
    assert "Trainer asks for nvidia.com/gpu and tolerates no taint" in result.output


@pytest.mark.parametrize(
    ("image", "noted"),
    [
        ("registry.example.com:5000/lianxi", True),
        ("registry.example.com/lianxi:latest", True),
        ("registry.example.com:5000/lianxi:1", False),
        ("registry.example.com/lianxi@sha256:0", False),
    ],
)
def test_an_image_that_cannot_be_told_from_the_one_before_is_noted(
    tmp_path: Path, image: str, noted: bool
) -> None:
    result = run("--image", image, "--out", str(tmp_path / "package.yaml"))
    assert ("has no tag of its own" in result.output) == noted


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--config", "nowhere.yaml"), "config.example.yaml"),
        (("--pipeline-root", "/volume"), "must begin with minio://"),
    ],
)
def test_mistakes_are_errors_for_people(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, LianxiError) and message in str(result.exception)
