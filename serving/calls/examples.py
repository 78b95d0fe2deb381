"""Reading Classify, Regress and MultiInference requests without parsing their tf.Examples.

TensorFlow Serving keeps the examples of a request as bytes (`apis/input.proto` marks them lazy,
`apis/internal/serialized_input.proto` re-reads them) and lets the graph parse them, so bytes
that are no tf.Example are the graph's INVALID_ARGUMENT. Python's generated classes would parse
them first and fail before the server sees the request. The messages built here have the same
field numbers with `bytes` where the originals have messages, which is the same on the wire.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, message_factory
from tensorflow_serving.apis import inference_pb2, model_pb2

from serving import errors

# What the context that examples share may take once each has its own, in bytes.
MAX_CONTEXT_BYTES = 2**24
_PACKAGE = "lianxi.serving.raw"
_SINGULAR = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
_REPEATED = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED


def _build_messages() -> dict[str, Any]:
    layout = {
        "ModelAndInput": (("head", 1, _SINGULAR), ("input", 2, _SINGULAR)),
        "TasksAndInput": (("head", 1, _REPEATED), ("input", 2, _SINGULAR)),
        "Input": (("example_list", 1, _SINGULAR), ("list_with_context", 2, _SINGULAR)),
        "Examples": (("examples", 1, _REPEATED), ("context", 2, _SINGULAR)),
    }
    file = descriptor_pb2.FileDescriptorProto(
        name="lianxi_serving_raw.proto", package=_PACKAGE, syntax="proto2"
    )
    for name, fields in layout.items():
        message = file.message_type.add(name=name)
        for field, number, label in fields:
            message.field.add(
                name=field,
                number=number,
                label=label,
                type=descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
            )
    made = message_factory.GetMessages([file])
    return {name: made[f"{_PACKAGE}.{name}"] for name in layout}


_RAW = _build_messages()


@dataclasses.dataclass(frozen=True)
class ExamplesRequest:
    """A ClassificationRequest or RegressionRequest.

    Attributes:
        model_spec: Which model; None if the request has none.
        examples: Serialized tf.Examples, as received.
    """

    model_spec: model_pb2.ModelSpec | None
    examples: list[bytes]

    @classmethod
    def from_bytes(cls, data: bytes) -> ExamplesRequest:
        """Reads the wire format.

        Args:
            data: A serialized ClassificationRequest or RegressionRequest.

        Returns:
            The request.

        Raises:
            DecodeError: The bytes are no such message.
            ServingError: RESOURCE_EXHAUSTED if the context of the examples takes too much.
        """
        raw = _RAW["ModelAndInput"].FromString(data)
        spec = model_pb2.ModelSpec.FromString(raw.head) if raw.HasField("head") else None
        return cls(spec, _read_examples(raw.input))


@dataclasses.dataclass(frozen=True)
class TasksRequest:
    """A MultiInferenceRequest.

    Attributes:
        tasks: What to run.
        examples: Serialized tf.Examples, as received.
    """

    tasks: list[inference_pb2.InferenceTask]
    examples: list[bytes]

    @classmethod
    def from_bytes(cls, data: bytes) -> TasksRequest:
        """Reads the wire format.

        Args:
            data: A serialized MultiInferenceRequest.

        Returns:
            The request.

        Raises:
            DecodeError: The bytes are no such message.
            ServingError: RESOURCE_EXHAUSTED if the context of the examples takes too much.
        """
        raw = _RAW["TasksAndInput"].FromString(data)
        tasks = [inference_pb2.InferenceTask.FromString(task) for task in raw.head]
        return cls(tasks, _read_examples(raw.input))


def _read_examples(data: bytes) -> list[bytes]:
    raw = _RAW["Input"].FromString(data)
    if raw.HasField("list_with_context"):
        listed = _RAW["Examples"].FromString(raw.list_with_context)
        repeated_bytes = len(listed.context) * len(listed.examples)
        if repeated_bytes > MAX_CONTEXT_BYTES:
            raise errors.ServingError(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"the context of {len(listed.context)} bytes, joined to {len(listed.examples)} "
                f"examples, takes {repeated_bytes} bytes, and {MAX_CONTEXT_BYTES} are allowed; "
                "send fewer examples at once",
            )
        # Serialized messages that are joined parse as the merged message.
        return [listed.context + example for example in listed.examples]
    return list(_RAW["Examples"].FromString(raw.example_list).examples)


def require_examples(examples: list[bytes]) -> list[bytes]:
    """Insists on at least one example.

    Args:
        examples: Serialized tf.Examples.

    Returns:
        The same.

    Raises:
        ServingError: INVALID_ARGUMENT if there is none.

    Source: `tensorflow_serving/servables/tensorflow/util.cc`.
    """
    if not examples:
        raise errors.invalid_argument("Input is empty.")
    return examples
