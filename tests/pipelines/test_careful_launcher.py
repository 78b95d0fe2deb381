"""What components find in the folders that they write to, and by which paths, on TFX's runner."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import json_format
from ml_metadata.proto.metadata_store_pb2 import Execution
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.io import fileio
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2
from tfx.types.standard_artifacts import Examples, Model
from tfx.utils import path_utils

from components.model_pusher import Pusher
from modules.common.runtime.errors import DataError
from pipelines.careful_launcher import launch_by
from pipelines.runner import explain


@component
def Writer(examples: OutputArtifact[Examples], file: Parameter[str]) -> None:
    """Adds a file to whatever its folder holds, and says where."""
    if file == "fail":
        raise DataError(f"no data; see {examples.uri}")
    if file == "kill":
        with fileio.open(os.path.join(examples.uri, "half"), "w") as written:
            written.write("half")
        os.kill(os.getpid(), signal.SIGKILL)
    with fileio.open(os.path.join(examples.uri, file), "w") as written:
        written.write(file)
    examples.set_string_custom_property("written_to", examples.uri)


@component
def Globber(examples: InputArtifact[Examples], model: OutputArtifact[Model]) -> None:
    """Finds files as Beam and TFX do."""
    found = fileio.glob(os.path.join(examples.uri, "*"))
    with fileio.open(os.path.join(model.uri, "found"), "w") as file:
        file.write(" ".join(sorted(os.path.basename(path) for path in found)))


@component
def Trainer(model: OutputArtifact[Model], mark: Parameter[str]) -> None:
    """Writes as much of a SavedModel as a push looks at."""
    folder = path_utils.serving_model_dir(model.uri)
    fileio.makedirs(folder)
    for file in ("saved_model.pb", "fingerprint.pb"):
        with fileio.open(os.path.join(folder, file), "w") as written:
            written.write(mark)


def run(root: Path, file: str) -> None:
    writer = Writer(file=file)
    run_all(root, writer, Globber(examples=writer.outputs["examples"]))


def push(root: Path, mark: str) -> list[str]:
    """Trains and pushes; gives the versions that are there, oldest first."""
    trainer = Trainer(mark=mark)
    destination = {"filesystem": {"base_directory": str(root / "models")}}
    pushed_to = json_format.ParseDict(destination, pusher_pb2.PushDestination())
    run_all(root, trainer, Pusher(model=trainer.outputs["model"], push_destination=pushed_to))
    versions = sorted((root / "models").iterdir(), key=lambda path: int(path.name))
    return [(path / "saved_model.pb").read_text() for path in versions]


def run_all(root: Path, *components: BaseNode) -> None:
    pipeline = Pipeline(
        pipeline_name="p",
        pipeline_root=str(root / "p"),
        components=list(components),
        enable_cache=True,
        metadata_connection_config=metadata.sqlite_metadata_connection_config(
            str(root / "metadata.sqlite")
        ),
    )
    with launch_by():
        LocalDagRunner().run(pipeline)


def artifacts(root: Path, type_name: str) -> list:
    config = metadata.sqlite_metadata_connection_config(str(root / "metadata.sqlite"))
    with metadata.Metadata(config) as connection:
        return list(connection.store.get_artifacts_by_type(type_name))


def states(root: Path) -> list[str]:
    """How the two components of the last run ended, in order."""
    config = metadata.sqlite_metadata_connection_config(str(root / "metadata.sqlite"))
    with metadata.Metadata(config) as connection:
        executions = sorted(connection.store.get_executions(), key=lambda each: each.id)
    return [Execution.State.Name(each.last_known_state) for each in executions[-2:]]


@pytest.mark.parametrize("name", ["plain", "r[1]", "r *?", "{SPAN}", "a\\b"])
def test_a_root_may_have_any_name(tmp_path: Path, name: str) -> None:
    for sibling in ("r1", "r x"):
        (tmp_path / sibling / "p/Writer/examples/1").mkdir(parents=True)
        (tmp_path / sibling / "p/Writer/examples/1/theirs").touch()
    root = tmp_path / name
    root.mkdir()
    run(root, "mine")
    [examples] = artifacts(root, "Examples")
    assert examples.uri == str(root / "p/Writer/examples/1")
    assert examples.custom_properties["written_to"].string_value == examples.uri
    [model] = artifacts(root, "Model")
    assert Path(model.uri, "found").read_text() == "mine"


def test_folders_are_named_as_people_know_them_when_a_component_fails(tmp_path: Path) -> None:
    root = tmp_path / "r[1]"
    root.mkdir()
    with pytest.raises(DataError) as caught:
        run(root, "fail")
    assert explain(caught.value) == f"no data; see {root}/p/Writer/examples/1"


def test_what_lies_in_a_folder_is_not_mixed_with_what_is_written(tmp_path: Path) -> None:
    run(tmp_path, "old")
    (tmp_path / "metadata.sqlite").unlink()
    run(tmp_path, "new")
    [examples] = artifacts(tmp_path, "Examples")
    assert os.listdir(examples.uri) == ["new"]
    [model] = artifacts(tmp_path, "Model")
    assert Path(model.uri, "found").read_text() == "new"


def test_what_another_execution_said_is_not_taken_for_the_answer(tmp_path: Path) -> None:
    system = tmp_path / "p/Writer/.system/executor_execution/1"
    (system / ".temp" / "half").mkdir(parents=True)
    (system / "executor_output.pb").write_bytes(b"not of this execution")
    run(tmp_path, "new")
    assert [Path(each.uri, "new").read_text() for each in artifacts(tmp_path, "Examples")] == [
        "new"
    ]
    assert list(system.iterdir()) == []


def test_what_a_killed_component_left_is_removed_when_it_runs_again(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import test_careful_launcher as here\n"
        "here.run(Path(sys.argv[1]), 'kill')"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=Path(__file__).parent, check=False
    )
    assert process.returncode == -signal.SIGKILL
    assert os.listdir(tmp_path / "p/Writer/examples/1") == ["half"]
    run(tmp_path, "new")
    assert os.listdir(tmp_path / "p/Writer/examples") == ["2"]
    assert os.listdir(tmp_path / "p/Writer/.system/executor_execution") == ["2"]
    assert not any((tmp_path / "p/Writer/.system/stateful_working_dir").iterdir())
    [model] = artifacts(tmp_path, "Model")
    assert Path(model.uri, "found").read_text() == "new"
    run(tmp_path, "new")
    assert states(tmp_path) == ["CACHED", "CACHED"]


def test_a_folder_that_is_a_link_is_replaced_and_what_it_leads_to_is_kept(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious").touch()
    (tmp_path / "p/Writer/examples").mkdir(parents=True)
    (tmp_path / "p/Writer/examples/1").symlink_to(tmp_path / "elsewhere")
    run(tmp_path, "new")
    assert os.listdir(tmp_path / "p/Writer/examples/1") == ["new"]
    assert os.listdir(tmp_path / "elsewhere") == ["precious"]


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def cut(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_text("")


@pytest.mark.parametrize("harm", [empty, cut, shutil.rmtree])
@pytest.mark.parametrize("node", ["Writer/examples/1", "Globber/model/2"])
def test_the_cache_does_not_believe_in_what_is_gone(
    tmp_path: Path, node: str, harm: Callable[[Path], None]
) -> None:
    run(tmp_path, "data")
    run(tmp_path, "data")
    assert states(tmp_path) == ["CACHED", "CACHED"]
    harm(tmp_path / "p" / node)
    run(tmp_path, "data")
    first = "COMPLETE" if node.startswith("Writer") else "CACHED"
    assert states(tmp_path) == [first, "COMPLETE"]
    run(tmp_path, "data")
    assert states(tmp_path) == ["CACHED", "CACHED"]


def test_a_file_more_does_not_matter(tmp_path: Path) -> None:
    run(tmp_path, "data")
    (tmp_path / "p/Writer/examples/1/.DS_Store").touch()
    run(tmp_path, "data")
    assert states(tmp_path) == ["CACHED", "CACHED"]


def test_the_cache_believes_in_a_push_while_it_is_what_is_served(tmp_path: Path) -> None:
    assert push(tmp_path, "a") == push(tmp_path, "a") == ["a"]
    assert states(tmp_path) == ["CACHED", "CACHED"]
    shutil.rmtree(tmp_path / "models")
    assert push(tmp_path, "a") == ["a"]
    assert states(tmp_path) == ["CACHED", "COMPLETE"]
    assert push(tmp_path, "b") == ["a", "b"]
    assert push(tmp_path, "a") == ["a", "b", "a"]
    assert states(tmp_path) == ["CACHED", "COMPLETE"]
    assert push(tmp_path, "a") == ["a", "b", "a"]
    assert states(tmp_path) == ["CACHED", "CACHED"]
