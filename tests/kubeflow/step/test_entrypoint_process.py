"""The entrypoint of a step as a process, in the forms that launchers of KFP give its input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from launcher_process import IMAGE, Forks

from kubeflow.step import executor_io, file_driver
from kubeflow.step.staging import Staging
from modules.common.runtime.errors import DataError

SALT = "0b2d9c4e-8a41-4d53-9a35-0c4b6f0f7a11"
CONTAINER = {**IMAGE, "TF_USE_LEGACY_KERAS": "0"}
LOG = {"type": {"schemaTitle": "system.Artifact"}}


def _artifact(uri: str, **more: Any) -> dict[str, Any]:
    return {"artifacts": [{"uri": uri, "type": {"instanceSchema": ""}, "metadata": {}} | more]}


def _csv_step(base: str, root: Path, pattern: str = "span-{SPAN}/*.csv") -> tuple[Any, Any]:
    """What the launcher gives TFX's own ExampleGen for CSV, and its inputs specification."""
    values = {
        "input_base": base,
        "input_config": json.dumps({"splits": [{"name": "all", "pattern": pattern}]}),
        "output_config": json.dumps(
            {"split_config": {"splits": [{"name": "train", "hash_buckets": 1}]}}
        ),
        "output_data_format": 6,
        "output_file_format": 5,
    }
    spec = {
        "parameters": {
            name: {"parameterType": "STRING" if isinstance(value, str) else "NUMBER_INTEGER"}
            for name, value in values.items()
        }
    }
    from tfx.orchestration.kubeflow.v2 import compiler_utils
    from tfx.types.standard_artifacts import Examples

    schema = compiler_utils.get_artifact_schema(Examples)
    examples = _artifact(
        f"minio://bucket/pipeline/run/CsvExampleGen/{SALT}/examples",
        type={"instanceSchema": schema.decode() if isinstance(schema, bytes) else schema},
    )
    executor_input = {
        "inputs": {"parameterValues": values, "artifacts": {}},
        "outputs": {
            "artifacts": {"examples": examples},
            "outputFile": str(root / "kfp_outputs/output_metadata.json"),
        },
    }
    return executor_input, spec


def test_the_driver_takes_the_newest_span_and_fingerprints_it(tmp_path: Path) -> None:
    for span in (1, 2):
        folder = tmp_path / f"data/span-{span}"
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text(f"x\n{span}\n", encoding="utf-8")
    given, spec = _csv_step(str(tmp_path / "data"), tmp_path)
    made = executor_io.for_tfx(given, spec, Staging(str(tmp_path)))
    assert file_driver.is_file_based(spec)
    file_driver.resolve(made, spec)
    values = made["inputs"]["parameterValues"]
    assert values["span"] == 2
    assert "span-2/*.csv" in values["input_config"]
    [examples] = made["outputs"]["artifacts"]["examples"]["artifacts"]
    assert "span-2" not in str(examples["uri"])
    assert any("fingerprint" in key for key in examples["metadata"])
    assert None not in examples["metadata"].values()


@pytest.mark.parametrize(
    ("base", "message"),
    [("minio://bucket/data", "mounted volume, or gs://"), ("/nowhere", "no data in /nowhere")],
)
def test_data_that_cannot_be_read_is_an_error_for_people(
    tmp_path: Path, base: str, message: str
) -> None:
    given, spec = _csv_step(base, tmp_path)
    with pytest.raises(DataError, match=message):
        file_driver.resolve(executor_io.for_tfx(given, spec, Staging(str(tmp_path))), spec)


def _command(given: Any, spec: Any) -> list[str]:
    return [
        "python", "-m", "kubeflow.step.entrypoint",
        "--executor_class_path", "tfx.components.example_gen.csv_example_gen.executor.Executor",
        "--json_serialized_invocation_args", json.dumps(given),
        "--json_serialized_inputs_spec_args", json.dumps(spec),
        "--runner=FnApiRunner", "--sdk_container_image=unused",
    ]  # fmt: skip


def _run(given: Any, spec: Any, root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *_command(given, spec)[1:]],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LIANXI_STAGING_ROOT": str(root)},
    )


def _run_in_fork(given: Any, spec: Any, root: Path, forks: Forks) -> list[str]:
    """Gives what the step itself says, among what libraries do."""
    log = root / "log"
    log.touch()
    pod = {"LIANXI_STAGING_ROOT": str(root), "HOME": str(root)}
    code = forks.run(_command(given, spec), root, CONTAINER, pod, log)
    said = log.read_text(encoding="utf-8")
    assert code == 0, said[-3000:]
    return [line for line in said.splitlines() if line.startswith(("CsvExampleGen: ", "report: "))]


def _as_old(given: dict[str, Any], _root: Path) -> None:
    """The form of KFP 2.0 to 2.4."""


def _as_2_5(given: dict[str, Any], root: Path) -> None:
    """The launcher adds a log and makes its file."""
    folder = f"bucket/pipeline/run/CsvExampleGen/{SALT}"
    given["outputs"]["artifacts"]["executor-logs"] = _artifact(
        f"minio://{folder}/executor-logs", **LOG
    )
    (root / "minio" / folder).mkdir(parents=True)
    (root / "minio" / folder / "executor-logs").write_text("begun", encoding="utf-8")


def _as_2_15(given: dict[str, Any], root: Path) -> None:
    """Outputs have names, and the file for metadata lies beside them."""
    _as_2_5(given, root)
    for name, entry in given["outputs"]["artifacts"].items():
        entry["artifacts"][0]["name"] = name
    folder = root / f"minio/bucket/pipeline/run/CsvExampleGen/{SALT}"
    given["outputs"]["outputFile"] = str(folder / "output_metadata.json")


@pytest.mark.parametrize("launcher", [_as_old, _as_2_5, _as_2_15])
def test_a_step_runs_and_says_so(
    tmp_path: Path, forks: Forks, launcher: Callable[[Any, Path], None]
) -> None:
    folder = tmp_path / "data/span-7"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("x\n1\n2\n", encoding="utf-8")
    given, spec = _csv_step(str(tmp_path / "data"), tmp_path)
    launcher(given, tmp_path)
    task = tmp_path / f"minio/bucket/pipeline/run/CsvExampleGen/{SALT}"
    (task / "examples/Split-train").mkdir(parents=True)
    (task / "examples/Split-train/of-the-first-attempt.gz").write_bytes(b"half")
    if launcher is _as_2_15:
        done = _run(given, spec, tmp_path)
        assert done.returncode == 0, done.stderr[-3000:]
        said = done.stdout.splitlines()
    else:
        said = _run_in_fork(given, spec, tmp_path, forks)
    begun, ended, report = said
    assert begun == "CsvExampleGen: started" and ended.startswith("CsvExampleGen: done in ")
    told = json.loads(report.removeprefix("report: "))
    assert (told["step"], told["counts"]["span"]) == ("CsvExampleGen", 7)
    assert [file.name for file in task.glob("examples/Split-train/*.gz")] == [
        "data_tfrecord-00000-of-00001.gz"
    ]
    output_file = Path(given["outputs"]["outputFile"])
    written = json.loads(output_file.read_text(encoding="utf-8"))
    assert list(written["artifacts"]) == ["examples"]
    [artifact] = written["artifacts"]["examples"]["artifacts"]
    assert artifact["uri"] == given["outputs"]["artifacts"]["examples"]["artifacts"][0]["uri"]
    assert 7 in artifact["metadata"].values()
    log = {task / "executor-logs"} if "executor-logs" in given["outputs"]["artifacts"] else set()
    beside = {output_file} if launcher is _as_2_15 else set()
    assert set(task.iterdir()) == {task / "examples"} | log | beside
    assert not (output_file.parent / ".temp").exists()
    if log:
        assert (task / "executor-logs").read_text(encoding="utf-8") == "begun"


def test_a_mistake_ends_with_one_line(tmp_path: Path) -> None:
    given, spec = _csv_step(str(tmp_path / "nowhere"), tmp_path)
    done = _run(given, spec, tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"error: CsvExampleGen failed: no data in {tmp_path}/nowhere")
    assert "Traceback" in done.stderr
