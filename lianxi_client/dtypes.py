"""TensorFlow's dtypes that NumPy has, and where a TensorProto keeps their values."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class DType:
    """A dtype.

    Attributes:
        number: In TensorFlow's enum DataType.
        name: NumPy's name; `string` for text and bytes, `bfloat16` for what NumPy has not.
        stored: NumPy's dtype of the values' bytes in `tensor_content`.
        field: Number of the field of a TensorProto that else holds the values.
        is_varint: Whether that field has integers of varying length.
    """

    number: int
    name: str
    stored: str
    field: int
    is_varint: bool = False

    @property
    def proto_name(self) -> str:
        """Name in the enum."""
        return _PROTO_NAMES.get(self.name, f"DT_{self.name.upper()}")


_PROTO_NAMES = {"float32": "DT_FLOAT", "float64": "DT_DOUBLE", "float16": "DT_HALF"}

# Source: tensorflow/core/framework/types.proto and tensor.proto. An int_val is of 32 bits, a
# half_val holds the bits of a number of 16.
DTYPES = (
    DType(1, "float32", "<f4", 5),
    DType(2, "float64", "<f8", 6),
    DType(3, "int32", "<i4", 7, True),
    DType(4, "uint8", "u1", 7, True),
    DType(5, "int16", "<i2", 7, True),
    DType(6, "int8", "i1", 7, True),
    DType(7, "string", "", 8),
    DType(8, "complex64", "<c8", 9),
    DType(9, "int64", "<i8", 10, True),
    DType(10, "bool", "?", 11, True),
    DType(14, "bfloat16", "<u2", 13, True),
    DType(17, "uint16", "<u2", 7, True),
    DType(18, "complex128", "<c16", 12),
    DType(19, "float16", "<f2", 13, True),
    DType(22, "uint32", "<u4", 16, True),
    DType(23, "uint64", "<u8", 17, True),
)
# What NumPy has not, but a model may declare.
OTHERS = {
    11: "DT_QINT8",
    12: "DT_QUINT8",
    13: "DT_QINT32",
    15: "DT_QINT16",
    16: "DT_QUINT16",
    20: "DT_RESOURCE",
    21: "DT_VARIANT",
    24: "DT_FLOAT8_E5M2",
    25: "DT_FLOAT8_E4M3FN",
    29: "DT_INT4",
    30: "DT_UINT4",
}
BY_NUMBER = {dtype.number: dtype for dtype in DTYPES}
BY_NAME = {dtype.name: dtype for dtype in DTYPES}


def name_of(number: int) -> str:
    """Names a dtype.

    Args:
        number: In TensorFlow's enum DataType.

    Returns:
        NumPy's name, or TensorFlow's for what NumPy has not.
    """
    if number in BY_NUMBER:
        return BY_NUMBER[number].name
    return OTHERS.get(number, f"DT_{number}").removeprefix("DT_").lower()
