"""Launches the components of a pipeline with more care of their artifacts' folders than TFX takes.

What a killed execution left half-written is removed before its component is launched again.
Whatever a component writes goes to an empty folder: TFX names folders by numbers, which begin at 1
again where the metadata was lost, and would add to what lies there. The cache believes in a folder
only while it holds what was written, and in a push only while it is what is served. Components get
paths without wildcards, and the metadata keeps the true ones.
"""

from __future__ import annotations

import copy
import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from ml_metadata.proto.metadata_store_pb2 import Artifact as PublishedArtifact
from ml_metadata.proto.metadata_store_pb2 import Execution
from tfx.orchestration.portable import cache_utils, data_types, launcher, outputs_utils
from tfx.proto.orchestration import execution_result_pb2
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import PushedModel
from tfx.types.value_artifact import ValueArtifact

from components.artifact_contents import is_whole, note_contents
from components.model_pusher import is_served
from modules.common.runtime.plain_paths import PlainPaths
from modules.common.runtime.replacing import replace_attribute

Artifacts = Mapping[str, Sequence[Artifact]]


class CarefulLauncher(launcher.Launcher):
    """TFX's launcher, for folders on this machine, in which no other run is under way."""

    def launch(self) -> data_types.ExecutionInfo | None:
        """Launches the component, or finds what it did before."""
        if not self._system_node_handler:
            self._clean_up_after_killed_executions()
        return super().launch()

    def _clean_up_after_killed_executions(self) -> None:
        """Removes what executions left that neither ended nor failed."""
        node = self._pipeline_node
        folder = outputs_utils.get_node_dir(self._pipeline_runtime_spec, node.node_info.id)
        with self._mlmd_connection as connection:
            executions = connection.store.get_executions_by_type(node.node_info.type.name)
            killed = [each for each in executions if each.last_known_state == Execution.RUNNING]
            for execution in killed:
                for key in node.outputs.outputs:
                    _remove(os.path.join(folder, key, str(execution.id)))
                _remove(
                    os.path.dirname(outputs_utils.get_executor_output_uri(folder, execution.id))
                )
                # Which of the folders in this one was the execution's is written nowhere.
                _remove(
                    os.path.dirname(outputs_utils.get_stateful_working_directory(folder, execution))
                )
                execution.last_known_state = Execution.FAILED
            if killed:
                connection.store.put_executions(killed)

    def _run_executor(
        self, execution_info: data_types.ExecutionInfo
    ) -> execution_result_pb2.ExecutorOutput:
        """Runs the component in empty folders, by paths without wildcards."""
        _empty(execution_info)
        with PlainPaths() as paths:
            try:
                output = super()._run_executor(_with_paths(execution_info, paths.plain))
            except Exception as error:
                _mend_message(error, paths)
                raise
            for artifacts in output.output_artifacts.values():
                for artifact in artifacts.artifacts:
                    _publish_with(paths.original, artifact)
        return output


@contextmanager
def launch_by(launcher_class: type[CarefulLauncher] = CarefulLauncher) -> Iterator[None]:
    """Has LocalDagRunner launch components by this class inside the `with` block."""
    # LocalDagRunner and the cache have no hooks of their own, and look these up in their modules.
    with (
        replace_attribute(launcher, "Launcher", launcher_class),
        replace_attribute(cache_utils.artifact_utils, "verify_artifacts", _verify),
    ):
        yield


def _verify(artifacts: Artifacts) -> None:
    """Raises `RuntimeError`, as TFX's function does, where the cache must not be believed."""
    for artifact in itertools.chain(*artifacts.values()):
        if not is_whole(artifact):
            raise RuntimeError(f"{artifact.uri} no longer holds what was written")
        if isinstance(artifact, PushedModel) and not is_served(artifact):
            raise RuntimeError(f"what was pushed from {artifact.uri} is not what is served")


def _publish_with(rewrite: Callable[[str], str], artifact: PublishedArtifact) -> None:
    """Puts true paths into what is published of an artifact, and what its folder holds."""
    artifact.uri = rewrite(artifact.uri)
    for value in artifact.custom_properties.values():
        if value.HasField("string_value"):
            value.string_value = rewrite(value.string_value)
    note_contents(artifact)


def _empty(execution_info: data_types.ExecutionInfo) -> None:
    """Removes what earlier executions left in the folders that this one writes to."""
    for artifacts in execution_info.output_dict.values():
        for artifact in artifacts:
            if not artifact.is_external and "://" not in artifact.uri:
                is_file = isinstance(artifact, ValueArtifact)
                _remove(os.path.dirname(artifact.uri) if is_file else artifact.uri)
    # TFX would take what another execution wrote there for the answer of this one.
    _remove(os.path.dirname(execution_info.execution_output_uri))
    os.makedirs(execution_info.tmp_dir)


def _remove(path: str) -> None:
    if os.path.islink(path) or os.path.isfile(path):
        os.remove(path)
    elif os.path.isdir(path):
        shutil.rmtree(path)


def _with_paths(
    info: data_types.ExecutionInfo, rewrite: Callable[[str], str]
) -> data_types.ExecutionInfo:
    """Gives the same execution with other paths of the same folders."""

    def rewritten(artifacts: Artifacts) -> dict[str, list[Artifact]]:
        copies = {key: copy.deepcopy(list(each)) for key, each in artifacts.items()}
        for each in copies.values():
            for artifact in each:
                artifact.uri = rewrite(artifact.uri)
        return copies

    changed = copy.copy(info)
    changed.input_dict = rewritten(info.input_dict)
    changed.output_dict = rewritten(info.output_dict)
    changed.execution_output_uri = rewrite(info.execution_output_uri)
    changed.stateful_working_dir = rewrite(info.stateful_working_dir)
    changed.tmp_dir = rewrite(info.tmp_dir)
    return changed


def _mend_message(error: BaseException, paths: PlainPaths) -> None:
    """Has an error, and those that led to it, name the folders as people know them."""
    cause: BaseException | None = error
    while cause is not None:
        cause.args = tuple(
            paths.original(each) if isinstance(each, str) else each for each in cause.args
        )
        if isinstance(cause, OSError) and isinstance(cause.filename, str):
            cause.filename = paths.original(cause.filename)
        cause = cause.__cause__ or cause.__context__
