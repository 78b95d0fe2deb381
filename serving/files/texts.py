"""Reading protobuf's text format, also of messages that tensorflow-serving-api does not bring.

Only field names, numbers and types are stated here; they are those of TensorFlow Serving's
`session_bundle_config.proto`, `monitoring_config.proto` and `ssl_config.proto`, and of
TensorFlow's `saved_model.proto`, whose own class would load TensorFlow.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from serving import errors

_PACKAGE = "lianxi.serving.files"
_INT64, _BOOL, _STRING = "Int64Value", "BoolValue", "StringValue"
# Message → field → (number, type). A type in capitals is a wrapper message of protobuf's own, or
# one of these messages.
_LAYOUT: dict[str, dict[str, tuple[int, str]]] = {
    "BatchingParameters": {
        "max_batch_size": (1, _INT64),
        "batch_timeout_micros": (2, _INT64),
        "max_enqueued_batches": (3, _INT64),
        "num_batch_threads": (4, _INT64),
        "thread_pool_name": (5, _STRING),
        "allowed_batch_sizes": (6, "int64[]"),
        "pad_variable_length_inputs": (7, "bool"),
        "enable_large_batch_splitting": (8, _BOOL),
        "max_execution_batch_size": (9, _INT64),
    },
    "PrometheusConfig": {"enable": (1, "bool"), "path": (2, "string")},
    "MonitoringConfig": {"prometheus_config": (1, "PrometheusConfig")},
    "SSLConfig": {
        "server_key": (1, "string"),
        "server_cert": (2, "string"),
        "custom_ca": (3, "string"),
        "client_verify": (4, "bool"),
    },
    # A SavedModel as far as the shapes of its inputs; maps are lists of pairs on the wire.
    "SavedModel": {"meta_graphs": (2, "MetaGraph[]")},
    "MetaGraph": {"signature_def": (5, "SignatureEntry[]")},
    "SignatureEntry": {"key": (1, "string"), "value": (2, "Signature")},
    "Signature": {"inputs": (1, "InputEntry[]")},
    "InputEntry": {"key": (1, "string"), "value": (2, "TensorInfo")},
    "TensorInfo": {"tensor_shape": (3, "Shape")},
    "Shape": {"dim": (2, "Dim[]"), "unknown_rank": (3, "bool")},
    "Dim": {"size": (1, "int64")},
}


def read_text_proto(path: Path | str, message: Any) -> Any:
    """Reads a file in protobuf's text format.

    Args:
        path: The file.
        message: An empty message of the type it holds.

    Returns:
        The message, filled.

    Raises:
        ServingError: INVALID_ARGUMENT, with line and column, if it holds something else.
        OSError: It cannot be read.
    """
    from google.protobuf import text_format

    try:
        return text_format.Parse(Path(path).read_text(encoding="utf-8"), message)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise errors.invalid_argument(
            f"Invalid protobuf file: '{path}': expected {type(message).DESCRIPTOR.name} in "
            f"protobuf's text format: {error}"
        ) from None


def new_message(name: str) -> Any:
    """Makes an empty message.

    Args:
        name: `BatchingParameters`, `MonitoringConfig`, `SSLConfig` or `SavedModel`.

    Returns:
        The message.
    """
    return _classes()[f"{_PACKAGE}.{name}"]()


@cache
def _classes() -> dict[str, Any]:
    from google.protobuf import descriptor_pb2, message_factory, wrappers_pb2

    field_type = descriptor_pb2.FieldDescriptorProto
    wrappers = descriptor_pb2.FileDescriptorProto()
    wrappers_pb2.DESCRIPTOR.CopyToProto(wrappers)
    file = descriptor_pb2.FileDescriptorProto(
        name="lianxi_serving_files.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[wrappers.name],
    )
    for name, fields in _LAYOUT.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            scalar = kind.removesuffix("[]")
            added = message.field.add(
                name=field,
                number=number,
                label=field_type.LABEL_OPTIONAL if kind == scalar else field_type.LABEL_REPEATED,
            )
            if scalar in _LAYOUT:
                added.type, added.type_name = field_type.TYPE_MESSAGE, f".{_PACKAGE}.{scalar}"
            elif scalar[0].isupper():
                added.type = field_type.TYPE_MESSAGE
                added.type_name = f".google.protobuf.{scalar}"
            else:
                added.type = getattr(field_type, f"TYPE_{scalar.upper()}")
    return dict(message_factory.GetMessages([wrappers, file]))
