"""What an ExampleGen of ours is told, as TFX hands it to the executor: written, and read back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import json_format, struct_pb2
from tfx.proto import example_gen_pb2
from tfx.utils import proto_utils

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import SPLITS
from modules.common.declaring.registry import load_task
from modules.common.declaring.settings import Settings, as_dict
from modules.common.declaring.sources import Source
from modules.common.declaring.task import Task
from modules.common.reading.spans import Span

SPANS_PROPERTY = "spans"
"""Spans that are read together: in what an executor is told, and on Examples, by their names."""


def configs(
    task: Task, source: Source, told: Settings, source_digest: str, spans: Sequence[Span] = ()
) -> dict[str, Any]:
    """Makes those arguments of TFX's ExampleGen components that all of ours share.

    Args:
        task: The declaration.
        source: Which of the task's sources is read.
        told: The settings that reading is told.
        source_digest: Digest of the code that reads.
        spans: Which spans of data are read, the newest last.
    """
    return pack(
        {
            "task": task.name,
            "source": task.sources.index(source),
            # A Struct knows no integers.
            "settings": json.dumps(as_dict(told), ensure_ascii=False, sort_keys=True),
            "source_digest": source_digest,
            **_note_spans(spans),
        }
    )


def _note_spans(spans: Sequence[Span]) -> dict[str, str]:
    told = [{"name": span.name, "number": span.number, "version": span.version} for span in spans]
    return {SPANS_PROPERTY: json.dumps(told)} if told else {}


def read_spans(exec_properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Reads which spans are read: `name`, `number` and `version` of each, the newest last.

    Args:
        exec_properties: Of the component.
    """
    values = _unpack_config(exec_properties) if exec_properties.get("custom_config") else {}
    spans: list[dict[str, Any]] = json.loads(values.get(SPANS_PROPERTY, "[]"))
    return spans


def read_asked(exec_properties: Mapping[str, Any]) -> dict[str, Any]:
    """Reads all that an executor is told but for the spans: the same reads them the same way.

    Args:
        exec_properties: Of the component.
    """
    values = _unpack_config(exec_properties)
    return {name: value for name, value in values.items() if name != SPANS_PROPERTY}


def pack(values: Mapping[str, Any]) -> dict[str, Any]:
    """Makes the arguments of an ExampleGen that hold what its executor is told.

    Args:
        values: Texts and numbers by name.
    """
    struct = struct_pb2.Struct()
    struct.update(values)
    custom_config = example_gen_pb2.CustomConfig()
    custom_config.custom_config.Pack(struct)
    split = example_gen_pb2.SplitConfig.Split
    output_config = example_gen_pb2.Output(
        split_config=example_gen_pb2.SplitConfig(
            splits=[split(name=name, hash_buckets=1) for name in SPLITS]
        )
    )
    return {"output_config": output_config, "custom_config": custom_config}


def unpack(exec_properties: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Reads back what `pack` made, and the patterns of the files.

    Args:
        exec_properties: Of the component.
    """
    inputs = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties["input_config"], inputs)
    return _unpack_config(exec_properties), [split.pattern for split in inputs.splits]


def _unpack_config(exec_properties: Mapping[str, Any]) -> dict[str, Any]:
    custom_config = example_gen_pb2.CustomConfig()
    proto_utils.json_to_proto(exec_properties["custom_config"], custom_config)
    struct = struct_pb2.Struct()
    custom_config.custom_config.Unpack(struct)
    values: dict[str, Any] = json_format.MessageToDict(struct)
    return values


def input_config(patterns: Sequence[str]) -> example_gen_pb2.Input:
    """Tells TFX which files are read.

    Args:
        patterns: Globs, relative to the data folder.
    """
    split = example_gen_pb2.Input.Split
    names = ["all"] if len(patterns) == 1 else [f"part {n}" for n in range(len(patterns))]
    return example_gen_pb2.Input(
        splits=[
            split(name=name, pattern=pattern) for name, pattern in zip(names, patterns, strict=True)
        ]
    )


def read_config(exec_properties: Mapping[str, Any]) -> tuple[ReadConfig, list[str]]:
    """Gives what the reader is told and the patterns of the files, as `configs` wrote them.

    Args:
        exec_properties: Of the component.
    """
    values, patterns = unpack(exec_properties)
    task = load_task(values["task"])
    config = ReadConfig(
        task_name=task.name,
        source=task.sources[int(values["source"])],
        settings=task.restore(json.loads(values["settings"])),
        data_dir=exec_properties.get("input_base", ""),
    )
    return config, patterns
