"""A model's declaration as JSON, against protobuf's own."""

import json

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow_serving.apis import get_model_metadata_pb2

from serving.front.rest.describe import write_metadata


def test_defaults_are_written_as_protobuf_does():
    signatures = get_model_metadata_pb2.SignatureDefMap()
    signature = signatures.signature_def["serving_default"]
    for name, value in {
        "text": [b"a\xff", "é".encode()],
        "numbers": np.int64([1, 2**60]),
        "one": np.float32(0.1),
        "odd": np.float64(np.nan),
        "infinite": np.float32(-np.inf),
        "whole": np.uint8([[1, 2]]),
    }.items():
        signature.defaults[name].CopyFrom(tf.make_tensor_proto(value))
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.metadata["signature_def"].Pack(signatures)
    written = json.loads(write_metadata(response))["metadata"]["signature_def"]
    read = json_format.ParseDict(written, get_model_metadata_pb2.SignatureDefMap())
    # NaN is not equal to itself, its bytes are.
    assert read.SerializeToString(deterministic=True) == signatures.SerializeToString(
        deterministic=True
    )
    expected = json_format.MessageToDict(signatures, preserving_proto_field_name=True)
    for name, default in expected["signature_def"]["serving_default"]["defaults"].items():
        shown = written["signature_def"]["serving_default"]["defaults"][name]
        values = {
            key: value for key, value in default.items() if key.endswith(("_val", "_content"))
        }
        assert values and {key: shown[key] for key in values} == values
