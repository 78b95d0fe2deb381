"""Replaying recorded requests on a new version before it takes over.

The first run of a graph is slow: memory is allocated and kernels are chosen. A version brings
requests for that in `assets.extra/tf_serving_warmup_requests`, a TFRecord file of PredictionLog.
"""

from __future__ import annotations

from pathlib import Path

import grpc
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from serving import errors
from serving.calls import direct
from serving.calls.examples import ExamplesRequest, TasksRequest
from serving.models.servable import Servable

WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"
MAX_RECORDS = 1000


def warm_up(servable: Servable, version_path: Path) -> int:
    """Replays the recorded requests, in order.

    Args:
        servable: The new version.
        version_path: Its folder.

    Returns:
        How many requests were replayed; 0 if the version brings none.

    Raises:
        ServingError: The file does not parse, holds more than 1,000 records, or a request
            fails. The version then counts as broken, as in TensorFlow Serving.
        tf.errors.OpError: The graph refused a request, or the file is not a TFRecord.

    Source: `tensorflow_serving/servables/tensorflow/saved_model_warmup_util.cc`.
    """
    path = version_path / WARMUP_FILE
    if not path.is_file():
        return 0
    count = 0
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        try:
            log = prediction_log_pb2.PredictionLog.FromString(record)
        except DecodeError:
            raise errors.invalid_argument(
                f"Failed to parse warmup record: {record[:80]!r} from {path}"
            ) from None
        if count == MAX_RECORDS:
            raise errors.invalid_argument(
                f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {path}"
            )
        _replay(servable, log)
        count += 1
    return count


def _replay(servable: Servable, log: prediction_log_pb2.PredictionLog) -> None:
    kind = log.WhichOneof("log_type")
    if kind == "predict_log":
        direct.answer_predict(servable, log.predict_log.request)
    elif kind in ("classify_log", "regress_log"):
        data = getattr(log, kind).request.SerializeToString()
        answer = direct.answer_classify if kind == "classify_log" else direct.answer_regress
        answer(servable, ExamplesRequest.from_bytes(data))
    elif kind == "multi_inference_log":
        data = log.multi_inference_log.request.SerializeToString()
        direct.answer_multi_inference(servable, TasksRequest.from_bytes(data))
    elif kind is not None:
        raise errors.ServingError(
            grpc.StatusCode.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}"
        )
