"""Data and models on S3 and MinIO: a server that plays them, and TFX's own functions before it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import boto3
import pytest
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types.standard_artifacts import Model, ModelBlessing
from tfx.types.standard_artifacts import PushedModel as PushedModelArtifact
from tfx.utils import io_utils, path_utils

from components.model_pusher import Executor as Pusher
from components.pushed_model import NO_VERSION, newest_version
from kubeflow.step import object_store
from kubeflow.step.data_fingerprint import fingerprint
from kubeflow.step.ingest import find
from kubeflow.step.store_location import ENDPOINT_VARIABLE
from modules.common.runtime.errors import DataError


class Forbidding(BaseHTTPRequestHandler):
    """Allows nothing."""

    def do_GET(self) -> None:
        self.send_response(403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *told: object) -> None:
        """Says nothing."""


@pytest.fixture
def forbidding() -> Iterator[str]:
    """A server that allows nothing."""
    server = HTTPServer(("localhost", 0), Forbidding)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bucket(s3_variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket, and this process as a step of a cluster that may use it."""
    for name, value in s3_variables.items():
        monkeypatch.setenv(name, value)
    object_store.register()
    name = uuid.uuid4().hex
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=name)
    return name


def put(bucket: str, objects: dict[str, str]) -> None:
    client = boto3.client("s3", region_name="us-east-1")
    for key, text in objects.items():
        client.put_object(Bucket=bucket, Key=key, Body=text.encode())


@pytest.mark.parametrize("scheme", object_store.SCHEMES)
def test_tfx_reads_and_writes_files_there(bucket: str, scheme: str, tmp_path: Path) -> None:
    base = f"{scheme}{bucket}"
    for name in ("a.txt", "sub/b.txt", "sub/deep/c.txt"):
        file = tmp_path / "here" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, encoding="utf-8")
    io_utils.copy_dir(str(tmp_path / "here"), f"{base}/there")
    io_utils.copy_dir(f"{base}/there", f"{base}/elsewhere")
    io_utils.copy_dir(f"{base}/elsewhere", str(tmp_path / "back"))
    found = {
        str(path.relative_to(tmp_path / "back")) for path in (tmp_path / "back").rglob("*.txt")
    }
    assert found == {"a.txt", "sub/b.txt", "sub/deep/c.txt"}
    assert (tmp_path / "back/sub/b.txt").read_text(encoding="utf-8") == "sub/b.txt"
    assert sorted(fileio.listdir(f"{base}/there")) == ["a.txt", "sub"]
    assert fileio.isdir(f"{base}/there/sub") and not fileio.isdir(f"{base}/there/a.txt")
    assert fileio.exists(f"{base}/there/a.txt") and not fileio.exists(f"{base}/there/b.txt")
    assert fileio.glob(f"{base}/there/*.txt") == [f"{base}/there/a.txt"]
    assert fileio.stat(f"{base}/there/a.txt").length == 5
    fileio.rename(f"{base}/there/a.txt", f"{base}/there/z.txt")
    fileio.rmtree(f"{base}/there/sub")
    assert fileio.listdir(f"{base}/there") == ["z.txt"]
    with pytest.raises(fileio.NotFoundError):
        fileio.open(f"{base}/there/none.txt").read()


def test_data_is_fetched_whole_or_by_file_or_the_newest_span(bucket: str, tmp_path: Path) -> None:
    put(
        bucket,
        {"names/a.csv": "1", "names/sub/b.csv": "2", "span-9/x.csv": "9", "span-10/x.csv": "10"},
    )
    folder, *_ = find(f"minio://{bucket}/names", str(tmp_path / "1"))
    assert folder and Path(folder, "sub/b.csv").read_text(encoding="utf-8") == "2"
    assert sorted(path.name for path in Path(folder).iterdir()) == ["a.csv", "sub"]
    file, *_ = find(f"s3://{bucket}/names/a.csv", str(tmp_path / "2"))
    assert file and Path(file).name == "a.csv" and Path(file).read_text(encoding="utf-8") == "1"
    newest, span = find(f"minio://{bucket}/span-{{SPAN}}", str(tmp_path / "3"))
    assert newest and Path(newest, "x.csv").read_text(encoding="utf-8") == "10"
    assert span and (span.number, span.version) == (10, None)


def test_the_fingerprint_follows_objects(bucket: str) -> None:
    data = f"minio://{bucket}/names"
    nothing = fingerprint(data)
    put(bucket, {"names/a.csv": "1"})
    one = fingerprint(data)
    assert fingerprint(data) == one != nothing
    put(bucket, {"names/a.csv": "12"})
    assert fingerprint(data) not in (nothing, one)
    put(bucket, {"other/b.csv": "12"})
    assert fingerprint(data) == fingerprint(data + "/")


def test_models_are_pushed_there_and_found_again(bucket: str, tmp_path: Path) -> None:
    model, blessing, pushed = Model(), ModelBlessing(), PushedModelArtifact()
    model.uri, blessing.uri = str(tmp_path / "model"), str(tmp_path / "blessing")
    pushed.uri = str(tmp_path / "pushed")
    saved = Path(path_utils.serving_model_dir(model.uri))
    (saved / "variables").mkdir(parents=True)
    (saved / "saved_model.pb").write_bytes(b"graph")
    (saved / "fingerprint.pb").write_bytes(b"one")
    (saved / "variables/variables.index").write_bytes(b"index")
    blessing.set_int_custom_property("blessed", 1)
    folder = f"s3://{bucket}/models/name_gender"
    assert newest_version(folder) == NO_VERSION
    executor = Pusher(BaseExecutor.Context(tmp_dir=str(tmp_path), unique_id="1"))

    def push() -> str:
        executor.Do(
            {"model": [model], "model_blessing": [blessing]},
            {"pushed_model": [pushed]},
            {"push_destination": f'{{"filesystem": {{"base_directory": "{folder}"}}}}'},
        )
        return pushed.get_string_custom_property("pushed_version")

    version = push()
    assert newest_version(folder) == push() == version
    with fileio.open(f"{folder}/{version}/variables/variables.index", "rb") as file:
        assert file.read() == b"index"
    assert newest_version(folder, str(saved)) == NO_VERSION
    put(bucket, {"models/name_gender/99999999999/variables/half": "x"})
    (saved / "fingerprint.pb").write_bytes(b"two")
    assert push() == newest_version(folder) == "100000000000"


def test_what_goes_wrong_is_said(
    bucket: str, forbidding: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="there is nothing at minio://"):
        find(f"minio://{bucket}/nowhere", str(tmp_path))
    with pytest.raises(DataError, match="nothing matches"):
        find(f"minio://{bucket}/span-{{SPAN}}", str(tmp_path))
    monkeypatch.setenv(ENDPOINT_VARIABLE, "http://localhost:9")
    with pytest.raises(DataError, match="cannot be reached at http://localhost:9"):
        find(f"minio://{bucket}/names", str(tmp_path))
    monkeypatch.setenv(ENDPOINT_VARIABLE, forbidding)
    with pytest.raises(DataError, match="no permission for minio://.*AWS_SECRET_ACCESS_KEY"):
        find(f"minio://{bucket}/names", str(tmp_path))


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("kubeflow.step.data_fingerprint", ["minio://bucket/data"]),
        ("kubeflow.step.pushed_version", ["minio://bucket/models", "name_gender"]),
    ],
)
def test_a_step_that_cannot_see_a_store_ends_with_a_line(
    module: str, arguments: list[str], forbidding: str, tmp_path: Path
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": "secret"}
    env = {**os.environ, **keys, ENDPOINT_VARIABLE: forbidding}
    command = [sys.executable, "-m", module, *arguments, str(tmp_path / "value")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "failed: no permission for minio://bucket" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
