"""TensorFlow Serving's messages: those fields that the client sends or reads.

They are declared here, in a pool and a package of their own, since the generated classes come only
with TensorFlow. What travels has no names, so servers do not see the difference; and where the
generated ones are imported too, nothing is declared twice.

Source: tensorflow_serving/apis/*.proto; tensorflow/core/framework/tensor.proto and
tensor_shape.proto, protobuf/meta_graph.proto, example/*.proto.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from lianxi_client.dtypes import DTYPES, OTHERS

_PACKAGE = "lianxi_client"

# Field: number, type. `*` after a type is "repeated", `map` has texts as keys.
_MESSAGES: dict[str, dict[str, str]] = {
    "Version": {"value": "1 int64"},
    "ModelSpec": {
        "name": "1 string",
        "version": "2 Version",
        "signature_name": "3 string",
        "version_label": "4 string",
    },
    "Dim": {"size": "1 int64", "name": "2 string"},
    "Shape": {"dim": "2 Dim*", "unknown_rank": "3 bool"},
    "Tensor": {
        "dtype": "1 DataType",
        "tensor_shape": "2 Shape",
        "version_number": "3 int32",
        "tensor_content": "4 bytes",
        "float_val": "5 float*",
        "double_val": "6 double*",
        "int_val": "7 int32*",
        "string_val": "8 bytes*",
        "scomplex_val": "9 float*",
        "int64_val": "10 int64*",
        "bool_val": "11 bool*",
        "dcomplex_val": "12 double*",
        "half_val": "13 int32*",
        "uint32_val": "16 uint32*",
        "uint64_val": "17 uint64*",
    },
    "PredictRequest": {"model_spec": "1 ModelSpec", "output_filter": "3 string*"},
    "TensorInfo": {"dtype": "2 DataType", "tensor_shape": "3 Shape"},
    "SignatureDef": {
        "inputs": "1 map TensorInfo",
        "outputs": "2 map TensorInfo",
        "defaults": "4 map Tensor",
    },
    "SignatureDefMap": {"signature_def": "1 map SignatureDef"},
    "Any": {"type_url": "1 string", "value": "2 bytes"},
    "MetadataRequest": {"model_spec": "1 ModelSpec", "metadata_field": "2 string*"},
    "MetadataResponse": {"model_spec": "1 ModelSpec", "metadata": "2 map Any"},
    "Status": {"error_code": "1 int32", "error_message": "2 bytes"},
    "VersionStatus": {"version": "1 int64", "state": "2 int32", "status": "3 Status"},
    "StatusRequest": {"model_spec": "1 ModelSpec"},
    "StatusResponse": {"model_version_status": "1 VersionStatus*"},
    "Int64List": {"value": "1 int64*"},
    "FloatList": {"value": "1 float*"},
    "BytesList": {"value": "1 bytes*"},
    "Feature": {
        "bytes_list": "1 BytesList",
        "float_list": "2 FloatList",
        "int64_list": "3 Int64List",
    },
    "Features": {"feature": "1 map Feature"},
    "Example": {"features": "1 Features"},
    "ExampleList": {"examples": "1 bytes*"},
    "Input": {"example_list": "1 ExampleList"},
    "ExamplesRequest": {"model_spec": "1 ModelSpec", "input": "2 Input"},
    "Class": {"label": "1 bytes", "score": "2 float"},
    "Classes": {"classes": "1 Class*"},
    "Classifications": {"classifications": "1 Classes*"},
    "ClassifyResponse": {"result": "1 Classifications"},
    "Value": {"value": "1 float"},
    "Values": {"regressions": "1 Value*"},
    "RegressResponse": {"result": "1 Values"},
}

_Field = descriptor_pb2.FieldDescriptorProto


def _add_field(message: descriptor_pb2.DescriptorProto, name: str, number: int, kind: str) -> None:
    is_repeated = kind.endswith("*")
    kind = kind.rstrip("*")
    field = message.field.add(name=name, number=number)
    field.label = _Field.LABEL_REPEATED if is_repeated else _Field.LABEL_OPTIONAL
    if kind == "DataType":
        field.type, field.type_name = _Field.TYPE_ENUM, f".{_PACKAGE}.{kind}"
    elif kind[0].isupper():
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{kind}"
    else:
        field.type = _Field.Type.Value(f"TYPE_{kind.upper()}")


def _add_map(message: descriptor_pb2.DescriptorProto, name: str, number: int, kind: str) -> None:
    entry_name = name.replace("_", " ").title().replace(" ", "") + "Entry"
    entry = message.nested_type.add(name=entry_name)
    entry.options.map_entry = True
    _add_field(entry, "key", 1, "string")
    _add_field(entry, "value", 2, kind)
    _add_field(message, name, number, f"{message.name}.{entry_name}*")


def _build() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{_PACKAGE}.proto", package=_PACKAGE, syntax="proto3"
    )
    enum = file.enum_type.add(name="DataType")
    enum.value.add(name="DT_INVALID", number=0)
    for dtype in DTYPES:
        enum.value.add(name=dtype.proto_name, number=dtype.number)
    for other_number, other in OTHERS.items():
        enum.value.add(name=other, number=other_number)
    for message_name, fields in _MESSAGES.items():
        message = file.message_type.add(name=message_name)
        for name, text in fields.items():
            number, kind = text.split(" ", 1)
            if kind.startswith("map "):
                _add_map(message, name, int(number), kind[4:])
            else:
                _add_field(message, name, int(number), kind)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    # Protobuf 3.20 has only the older way, 6 only the newer.
    newer = getattr(message_factory, "GetMessageClass", None)
    make: Any = newer or getattr(message_factory.MessageFactory(pool), "GetPrototype")  # noqa: B009
    return {name: make(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in _MESSAGES}


# Name to class, as protobuf makes them.
MESSAGES = _build()
