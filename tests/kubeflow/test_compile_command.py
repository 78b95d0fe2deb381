"""`lianxi compile`, in this process."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from modules.common.errors import LianxiError
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
    for told in (str(out), "13: ", "Trainer", "registry.example.com", "train_steps = 0", "tfx"):
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


def test_what_would_go_wrong_is_noted(tmp_path: Path) -> None:
    result = run("--out", str(tmp_path / "package.yaml"), "--data", "/data")
    assert "no registry has" in result.output
    assert "models_dir /models is on no volume" in result.output
    assert "data /data is on no volume" in result.output


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
