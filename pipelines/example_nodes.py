"""Makes the ExampleGen of a task for the data that was found."""

from __future__ import annotations

from tfx.dsl.components.base.base_node import BaseNode
from tfx.utils import import_utils

from modules.common.declaring.settings import DATA, Settings, as_dict, tell
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Task
from modules.common.runtime.digest import file_digests, source_digest
from pipelines.data import DataLocation


def example_gen_component(task: Task, data: DataLocation, settings: Settings) -> BaseNode:
    """Makes the ExampleGen for the layout of `data`."""
    component = import_utils.import_class_by_path(data.source.component)
    digest = source_digest(*reader_modules(task, data.source))
    told = tell(settings, DATA)
    files = digest_files(task, told)
    return component(
        task,
        data.source,
        data.folder,
        told,
        "/".join([digest, *files.values()]),
        patterns=data.patterns,
        spans=data.spans,
    ).with_id("ExampleGen")


def reader_modules(task: Task, source: Source) -> list[str]:
    """Names the modules on which reading a layout depends, those of functions that it names too."""
    named = ("featurizer", "windower", "labeler", "splitter", "drawer")
    paths = [source.component, *(getattr(source, name, "") for name in named)]
    return [f"modules.{task.name}.task", *(path.rpartition(".")[0] for path in paths if path)]


def digest_files(task: Task, settings: Settings) -> dict[str, str]:
    """Digests the files that settings name.

    Args:
        task: The declaration.
        settings: Some or all of its settings.

    Returns:
        Digests by setting.
    """
    values = as_dict(settings)
    paths = [each.name for each in task.declared if each.is_file and each.name in values]
    return file_digests({name: str(values[name]) for name in paths})
