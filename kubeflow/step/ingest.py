"""The ExampleGen of a pipeline whose data is found where it runs, not where it is compiled.

Which layout the data has, and so which of the task's readers is right, shows only in the container:
there this makes the very component that `lianxi run` would, lets TFX's driver resolve and
fingerprint its files, and runs its executor. Without data it makes the sample, or draws.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from dataclasses import replace
from typing import Any

from tfx.components.example_gen import driver
from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.dsl.io import fileio
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types import artifact_utils, channel_utils
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import Examples
from tfx.utils import io_utils

from kubeflow.step import object_store
from kubeflow.step.beam_runner import remote_runner
from kubeflow.step.staging import FOLDERS, check_readable
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import DATA, SAMPLE, Settings, as_dict, tell
from modules.common.declaring.task import Task
from modules.common.reading.spans import Span, find_fixed_part, find_spans
from modules.common.runtime.digest import source_digest
from modules.common.runtime.errors import DataError
from pipelines.data import locate
from pipelines.environment import Environment, kubeflow_environment
from pipelines.example_nodes import example_gen_component, reader_modules

_log = logging.getLogger(__name__)


class Executor(BaseBeamExecutor):
    """Finds the data, then does what the ExampleGen for its layout does."""

    def Do(
        self,
        input_dict: dict[str, list[Any]],
        output_dict: dict[str, list[Any]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Reads the data.

        Args:
            input_dict: Empty.
            output_dict: `examples`.
            exec_properties: Those of `LocatedExampleGen`.

        Raises:
            DataError: If there is no data, or not in a layout that the task reads.
        """
        task = load_task(exec_properties["task_name"])
        settings = task.restore(json.loads(exec_properties["settings"]))
        runner = remote_runner(self._beam_pipeline_args)
        shared = self._get_tmp_dir() if runner else ""
        if "://" in shared:
            shared = ""
        with tempfile.TemporaryDirectory(prefix="lianxi-", dir=shared or None) as scratch:
            folder, span = find(exec_properties.get("data", ""), scratch)
            location = locate(task, folder, Environment(name="local", root=scratch), settings)
            location = replace(location, spans=(span,) if span else ())
            _log.info("data: %s", location.description)
            component = example_gen_component(task, location, settings)
            properties = component.driver_class(None).resolve_exec_properties(
                dict(component.exec_properties), None, None
            )
            examples = artifact_utils.get_single_instance(output_dict["examples"])
            driver.update_output_artifact(properties, examples.mlmd_artifact)
            context = self._context
            if runner and not shared and location.folder.startswith(scratch):
                _log.info("%s is in this pod, so Beam works here, not on %s", folder, runner)
                context = self._in_this_pod()
            executor = component.executor_spec.executor_class(context)
            executor.Do(input_dict, output_dict, properties)

    def _in_this_pod(self) -> BaseBeamExecutor.Context:
        """Gives what the executor is told where Beam's workers would not see the data."""
        return BaseBeamExecutor.Context(
            beam_pipeline_args=list(kubeflow_environment("").beam_args),
            tmp_dir=self._get_tmp_dir(),
            unique_id="here",
        )


class LocatedExampleGenSpec(ComponentSpec):
    """What `LocatedExampleGen` takes and gives."""

    PARAMETERS = {
        "task_name": ExecutionParameter(type=str),
        "data": ExecutionParameter(type=str),
        "settings": ExecutionParameter(type=str),
        "digest": ExecutionParameter(type=str),
    }
    INPUTS: dict[str, ChannelParameter] = {}
    OUTPUTS = {"examples": ChannelParameter(type=Examples)}


class LocatedExampleGen(BaseBeamComponent):
    """ExampleGen for data that is found where the pipeline runs."""

    SPEC_CLASS = LocatedExampleGenSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(self, task: Task, data: str | RuntimeParameter, settings: Settings) -> None:
        """Configures the component.

        Args:
            task: The declaration.
            data: Folder or file, or nothing for what Lianxi makes. `{SPAN}` and the like stand
                for the newest.
            settings: Resolved settings.
        """
        # What a sample is made by, as `pipelines.data` has it, besides what readers are told.
        told = as_dict(tell(settings, DATA)) | as_dict(tell(settings, SAMPLE))
        readers = {name for source in task.sources for name in reader_modules(task, source)}
        parameters = {
            "task_name": task.name,
            "data": data,
            "settings": json.dumps(told, ensure_ascii=False, sort_keys=True),
            "digest": source_digest(f"modules.{task.name}.sample.maker", *sorted(readers)),
        }
        outputs = {"examples": channel_utils.as_channel([Examples()])}
        super().__init__(spec=LocatedExampleGenSpec(**parameters, **outputs))


def find(data: str, scratch: str) -> tuple[str | None, Span | None]:
    """Brings data to where readers can open it, the newest span of it where there are several.

    Args:
        data: Path on a mounted volume, or URI of a store, with or without `{SPAN}`, `{VERSION}`
            or `{YYYY}{MM}{DD}` in it; nothing for what Lianxi makes.
        scratch: Folder for a copy.

    Returns:
        Folder or file, or `None`; and its span, if it is one.

    Raises:
        DataError: If there is nothing, or on a store that cannot be read.
    """
    if not data:
        return None, None
    check_readable(data, tuple(FOLDERS))
    span = find_spans(data)[-1] if find_fixed_part(data) else None
    path = span.path if span else data
    if "://" in path:
        return _fetch(path, scratch), span
    if not os.path.exists(path):
        raise DataError(
            f"there is nothing at {path}; is the volume that holds it mounted (volumes in the "
            "configuration), and is the path the one inside the container?"
        )
    return path, span


def _fetch(uri: str, scratch: str) -> str:
    """Copies data from an object store."""
    if not fileio.exists(uri):
        raise DataError(f"there is nothing at {uri}, or no permission to see it")
    target = os.path.join(scratch, "data")
    if not fileio.isdir(uri):
        os.makedirs(target)
        target = os.path.join(target, os.path.basename(uri))
    if uri.startswith(object_store.SCHEMES):
        object_store.fetch(uri, target)
    elif fileio.isdir(uri):
        io_utils.copy_dir(uri, target)
    else:
        fileio.copy(uri, target)
    return target
