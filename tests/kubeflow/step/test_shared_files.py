"""What a step reads and where it works, when other pods work on the same files."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from kubeflow.step import executor_io, ingest, shared_files
from kubeflow.step.staging import SHARED_STAGING_VARIABLE, Staging
from modules.common.runtime.errors import DataError

TASK = "bucket/run/Transform/0b2d9c4e-8a41-4d53-9a35-0c4b6f0f7a11"


def _given(scheme: str) -> dict[str, Any]:
    def entry(uri: str) -> dict[str, Any]:
        return {"artifacts": [{"uri": uri, "type": {"instanceSchema": ""}}]}

    return {
        "inputs": {"artifacts": {"examples": entry(f"{scheme}://bucket/run/ExampleGen/examples")}},
        "outputs": {
            "artifacts": {"graph": entry(f"{scheme}://{TASK}/graph")},
            "outputFile": "/tmp/kfp_outputs/output_metadata.json",
        },
    }


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """Where the launcher put the input."""
    folder = tmp_path / "minio/bucket/run/ExampleGen/examples"
    (folder / "Split-train").mkdir(parents=True)
    (folder / "Split-train/data.gz").write_bytes(b"records")
    return folder


def test_google_cloud_storage_stays_as_it_is_for_workers(tmp_path: Path) -> None:
    staging = Staging(str(tmp_path), remote=True)
    assert staging.path("gs://bucket/key") == "gs://bucket/key"
    assert staging.uri("gs://bucket/key") == "gs://bucket/key"
    assert staging.path("minio://bucket/key") == f"{tmp_path}/minio/bucket/key"


def test_a_shared_folder_is_used_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SHARED_STAGING_VARIABLE, "s3,gcs")
    staging = Staging(str(tmp_path), remote=True)
    path = staging.path("gs://bucket/key")
    assert path == f"{tmp_path}/gcs/bucket/key" and staging.is_shared(path)
    assert not staging.is_shared(staging.path("minio://bucket/key"))


@pytest.mark.parametrize("scheme", ["minio", "s3"])
def test_what_workers_would_not_see_is_refused(tmp_path: Path, scheme: str) -> None:
    staging = Staging(str(tmp_path), remote=True)
    made = executor_io.for_tfx(_given(scheme), {}, staging)
    expected = f"workers of FlinkRunner do not see {scheme}://bucket.*volume at /{scheme}"
    with (
        pytest.raises(DataError, match=expected),
        shared_files.arrange(made, staging, "FlinkRunner"),
    ):
        pass


@pytest.mark.parametrize("runner", ["", "FlinkRunner"])
def test_shared_inputs_are_read_from_copies(
    tmp_path: Path, staged: Path, monkeypatch: pytest.MonkeyPatch, runner: str
) -> None:
    monkeypatch.setenv(SHARED_STAGING_VARIABLE, "minio")
    monkeypatch.setattr(shared_files, "_REST_S", 0.0)
    staging = Staging(str(tmp_path), remote=bool(runner))
    made = executor_io.for_tfx(_given("minio"), {}, staging)
    with shared_files.arrange(made, staging, runner):
        [examples] = made["inputs"]["artifacts"]["examples"]["artifacts"]
        copy = Path(examples["uri"])
        assert copy != staged
        # Another launcher stages the same artifact for its own step.
        (staged / "Split-train/data.gz").write_bytes(b"")
        assert (copy / "Split-train/data.gz").read_bytes() == b"records"
        uri = "minio://bucket/run/ExampleGen/examples"
        assert staging.uri(f"{copy}/Split-train") == f"{uri}/Split-train"
        output_file = made["outputs"]["outputFile"]
        is_seen = output_file.startswith(f"{tmp_path}/minio/{TASK}/")
        assert is_seen == copy.is_relative_to(tmp_path / "minio" / TASK) == bool(runner)
    assert not copy.exists()
    assert list((tmp_path / "minio" / TASK).rglob("*")) == [] or not runner


def test_without_sharing_nothing_is_copied(tmp_path: Path, staged: Path) -> None:
    staging = Staging(str(tmp_path))
    made = executor_io.for_tfx(_given("minio"), {}, staging)
    with shared_files.arrange(made, staging, ""):
        [examples] = made["inputs"]["artifacts"]["examples"]["artifacts"]
        assert examples["uri"] == str(staged)
        assert made["outputs"]["outputFile"] == "/tmp/kfp_outputs/output_metadata.json"


def test_what_cannot_be_removed_does_not_fail_a_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from tfx.dsl.io import fileio

    def refuse(_: str) -> None:
        raise OSError("Directory not empty")

    shared_files.remove(str(tmp_path / "nothing"))
    monkeypatch.setattr(fileio, "rmtree", refuse)
    shared_files.remove(str(tmp_path))
    assert "could not be removed" in caplog.text


def test_a_file_that_is_being_written_is_copied_again(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"0")
    copied = threading.Event()

    def writes() -> None:
        with source.open("wb") as file:
            for number in range(20):
                file.write(bytes([number]) * 1000)
                file.flush()
                copied.set()
                time.sleep(0.02)

    writer = threading.Thread(target=writes)
    writer.start()
    copied.wait()
    shared_files.copy_at_rest({str(source): str(target)})
    writer.join()
    assert target.read_bytes() == source.read_bytes()


def test_a_copy_that_is_too_short_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A launcher that writes the same bytes anew within a tick of the clock leaves size and time.
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"records")
    copy, lengths = shutil.copyfile, iter((0, 3, 7))

    def copy_a_part(source: str, target: str) -> None:
        copy(source, target)
        os.truncate(target, next(lengths))

    monkeypatch.setattr(shutil, "copyfile", copy_a_part)
    monkeypatch.setattr(shared_files, "_REST_S", 0.0)
    shared_files.copy_at_rest({str(source): str(target)})
    assert target.read_bytes() == b"records"


def test_a_file_that_never_rests_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"0")
    sizes = iter(range(1000))
    monkeypatch.setattr(shared_files, "_state", lambda _: (1, next(sizes)))
    monkeypatch.setattr(shared_files, "_REST_S", 0.0)
    with pytest.raises(DataError, match="written again and again"):
        shared_files.copy_at_rest({str(source): str(tmp_path / "target")})


def test_example_gen_works_in_the_pod_where_workers_would_not_see_the_data() -> None:
    context = ingest.Executor.Context(
        beam_pipeline_args=["--runner=FlinkRunner", "--sdk_container_image=unused"],
        tmp_dir="/tmp/lianxi-test",
        unique_id="1",
    )
    made = ingest.Executor(context)._in_this_pod()
    assert made.beam_pipeline_args[0] == "--runner=FnApiRunner"
