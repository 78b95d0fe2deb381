"""Requests over gRPC: right ones, and lies about tensors, examples, models and configurations."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from fuzz_cases import MAYBE, REFUSALS, GrpcCase, mutate, pick
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    predict_pb2,
    regression_pb2,
)

_PREDICTION = "/tensorflow.serving.PredictionService/"
_MODEL = "/tensorflow.serving.ModelService/"
_SIZES = (0, 1, 2, 3, 7, 128, 65_537, 60_000_000, 2**31, 2**40, 2**62, 2**63 - 1, -1, -(2**63))
_OK = frozenset({"OK"})
_NAMES = ("", "tiny", "nobody", "tiny\0", "../tiny", "a" * 70_000, "\U0001f600", "tiny/1")
_FIELDS = ("float_val", "double_val", "int_val", "string_val", "scomplex_val", "int64_val",
           "bool_val", "dcomplex_val", "half_val", "uint32_val", "uint64_val")  # fmt: skip


class Messages:
    """Draws calls over gRPC to the model `tiny` of `tiny_model`."""

    def __init__(self, draw: random.Random) -> None:
        """Takes where chance comes from."""
        self._draw = draw

    def valid(self) -> GrpcCase:
        """A right Predict request, whose answer is known."""
        name = "".join(self._draw.choices("abc王é", k=self._draw.randint(0, 6)))

        def check(data: bytes) -> None:
            outputs = predict_pb2.PredictResponse.FromString(data).outputs
            assert tf.make_ndarray(outputs["label"]).tolist() == [f"v1:{name}".encode()]
            np.testing.assert_allclose(
                tf.make_ndarray(outputs["probability"]), [1 / (1 + len(name))], rtol=1e-6
            )

        body = self._request("serving_default", name=[name]).SerializeToString()
        return GrpcCase("valid predict", _PREDICTION + "Predict", body, _OK, check)

    def case(self) -> GrpcCase:
        """Something that is wrong, or nearly."""
        return pick(
            self._draw,
            (4, self._tensor_lie),
            (2, self._inputs_lie),
            (2, self._model_lie),
            (3, self._examples_lie),
            (1, self._tasks_lie),
            (1, self._metadata_lie),
            (1, self._reload_lie),
            (0.2, self._abandoned),
            (4, self._mutated),
        )

    def _request(self, signature: str, **inputs: Any) -> predict_pb2.PredictRequest:
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "tiny"
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            is_proto = isinstance(value, tensor_pb2.TensorProto)
            proto = value if is_proto else tf.make_tensor_proto(value)
            request.inputs[name].CopyFrom(proto)
        return request

    def _predict(self, kind: str, request: Any, allowed: frozenset[str] = MAYBE) -> GrpcCase:
        return GrpcCase(kind, _PREDICTION + "Predict", request.SerializeToString(), allowed)

    def _tensor(self) -> tensor_pb2.TensorProto:
        draw = self._draw
        proto = tensor_pb2.TensorProto(dtype=draw.choice((1, 7, 9, draw.randrange(132), 2**31 - 1)))
        for _ in range(draw.choice((0, 1, 1, 2, 2, 5, 300))):
            proto.tensor_shape.dim.add(size=draw.choice(_SIZES))
        proto.tensor_shape.unknown_rank = draw.random() < 0.1
        for field in draw.sample(_FIELDS, draw.choice((0, 1, 1, 1, 2))):
            values = getattr(proto, field)
            count = draw.choice((1, 1, 2, 3, 1000))
            if field == "string_val":
                values.extend(draw.randbytes(draw.randrange(40)) for _ in range(count))
            elif field in ("float_val", "double_val", "scomplex_val", "dcomplex_val"):
                values.extend(draw.choice((0.0, 1.5, np.nan, -np.inf, 3e38)) for _ in range(count))
            else:
                values.extend(draw.choice((0, 1, 3)) for _ in range(count))
        if draw.random() < 0.3:
            proto.tensor_content = draw.randbytes(draw.choice((1, 4, 7, 8, 16, 1024)))
        if draw.random() < 0.05:
            proto.variant_val.add(type_name="tensorflow::TensorList", metadata=draw.randbytes(9))
            proto.resource_handle_val.add(name="x", maybe_type_name="y")
        return proto

    def _near(self, value: Any) -> tensor_pb2.TensorProto:
        """A right tensor with one thing wrong."""
        draw, proto = self._draw, tf.make_tensor_proto(value)
        sizes, content = proto.tensor_shape.dim, proto.tensor_content
        lies: list[Callable[[], Any]] = [
            lambda: sizes.add(size=draw.choice(_SIZES)),
            lambda: setattr(sizes[0], "size", draw.choice(_SIZES)) if sizes else None,
            lambda: setattr(proto, "tensor_content", content + draw.randbytes(draw.randint(1, 9))),
            lambda: setattr(proto, "tensor_content", content[:-1]),
            lambda: proto.string_val.append(draw.randbytes(3)),
            lambda: proto.float_val.append(draw.choice((1.0, np.nan, np.inf))),
            lambda: proto.int64_val.append(draw.choice((0, -1, 2**62))),
            lambda: proto.ClearField("string_val"),
            lambda: proto.ClearField("tensor_shape"),
        ]
        draw.choice(lies)()
        return proto

    def _tensor_lie(self) -> GrpcCase:
        signature, right = self._draw.choice(
            [
                ("serving_default", {"name": ["a"]}),
                ("counted", {"x": np.float32([[1, 2]]), "n": np.int64([1])}),
                ("runs", {"plus": np.int64(1)}),
                ("whole_batch", {"x": np.float32([1])}),
                ("odd_scores", {"inputs": [b"x"]}),
                ("serve_examples", {"inputs": [b"x"]}),
            ]
        )
        name = self._draw.choice(sorted(right))
        lied = {name: pick(self._draw, (1, self._tensor), (1, lambda: self._near(right[name])))}
        return self._predict("lie about a tensor", self._request(signature, **{**right, **lied}))

    def _inputs_lie(self) -> GrpcCase:
        draw = self._draw
        request = self._request("counted", n=np.int64([1, 2]))
        for name in draw.sample(("x", "", "name", "\0", "y" * 5000), draw.randint(0, 4)):
            rows = draw.randint(0, 3)
            values = np.full((rows, draw.randint(0, 3)), draw.choice((1.0, np.nan, 1e38, 101.0)))
            request.inputs[name].CopyFrom(tf.make_tensor_proto(values.astype(np.float32)))
        if draw.random() < 0.1:
            for index in range(500):
                request.inputs[f"extra{index}"].dtype = 1
        request.output_filter.extend(
            draw.choices(("sum", "sum", "", "nothing"), k=draw.randint(0, 3))
        )
        return self._predict("lie about inputs", request)

    def _model_lie(self) -> GrpcCase:
        request = self._request("serving_default", name=["a"])
        self._lie_about_spec(request.model_spec)
        return self._predict("lie about a model", request)

    def _lie_about_spec(self, spec: Any) -> None:
        draw = self._draw
        if draw.random() < 0.5:
            spec.name = draw.choice(_NAMES)
        if draw.random() < 0.5:
            spec.signature_name = draw.choice(("", "nope", "__saved_model_init_op", *_NAMES))
        if draw.random() < 0.5:
            spec.version.value = draw.choice((0, 1, 2, -1, 2**63 - 1, -(2**63)))
        elif draw.random() < 0.5:
            spec.version_label = draw.choice(("stable", *_NAMES))

    def _input(self, target: Any) -> None:
        draw = self._draw
        if draw.random() < 0.05:
            return
        listed = target.example_list
        if draw.random() < 0.3:
            listed = target.example_list_with_context
            self._example(listed.context)
        for _ in range(draw.choice((0, 1, 2, 3, 3, 300, 5000 if draw.random() < 0.02 else 1))):
            self._example(listed.examples.add())

    def _example(self, example: Any) -> None:
        draw = self._draw
        for name in draw.sample(("x", "y", ""), draw.choice((0, 1, 1, 1, 2))):
            feature = example.features.feature[name]
            count = draw.choice((0, 1, 1, 1, 2, 50))
            kind = draw.choice(
                ("float_list", "float_list", "float_list", "int64_list", "bytes_list", "")
            )
            if kind == "float_list":
                value = draw.choice((0.5, np.nan, np.inf, 1e38))
                feature.float_list.value.extend([value] * count)
            elif kind == "int64_list":
                feature.int64_list.value.extend([2**62] * count)
            elif kind == "bytes_list":
                feature.bytes_list.value.extend([draw.randbytes(5)] * count)

    def _examples_lie(self) -> GrpcCase:
        name, make, signature = self._draw.choice(
            [
                ("Classify", classification_pb2.ClassificationRequest, "serve_examples"),
                ("Regress", regression_pb2.RegressionRequest, "regress"),
            ]
        )
        request = make()
        request.model_spec.name = "tiny"
        odd = self._draw.choice(("regress", "serve_examples", "odd_scores", "counted", "runs"))
        request.model_spec.signature_name = self._draw.choice((signature, signature, odd))
        if self._draw.random() < 0.2:
            self._lie_about_spec(request.model_spec)
        self._input(request.input)
        return GrpcCase("lie about examples", _PREDICTION + name, request.SerializeToString())

    def _tasks_lie(self) -> GrpcCase:
        request = inference_pb2.MultiInferenceRequest()
        for _ in range(self._draw.choice((0, 1, 2, 2, 3))):
            task = request.tasks.add()
            task.model_spec.name = "tiny"
            task.method_name = self._draw.choice(
                ("tensorflow/serving/classify", "tensorflow/serving/regress", "x", "")
            )
            task.model_spec.signature_name = self._draw.choice(("serve_examples", "regress", "x"))
            if self._draw.random() < 0.2:
                self._lie_about_spec(task.model_spec)
        self._input(request.input)
        body = request.SerializeToString()
        return GrpcCase("lie about tasks", _PREDICTION + "MultiInference", body)

    def _metadata_lie(self) -> GrpcCase:
        if self._draw.random() < 0.5:
            request = get_model_metadata_pb2.GetModelMetadataRequest()
            fields = ("signature_def", "signature_def", "graph", "")
            request.metadata_field.extend(self._draw.choices(fields, k=self._draw.randint(0, 3)))
            method = _PREDICTION + "GetModelMetadata"
        else:
            request = get_model_status_pb2.GetModelStatusRequest()
            method = _MODEL + "GetModelStatus"
        request.model_spec.name = "tiny"
        self._lie_about_spec(request.model_spec)
        return GrpcCase("lie about metadata", method, request.SerializeToString())

    def _reload_lie(self) -> GrpcCase:
        request = model_management_pb2.ReloadConfigRequest()
        for _ in range(self._draw.randint(0, 2)):
            model = request.config.model_config_list.config.add()
            model.name = self._draw.choice(_NAMES)
            model.base_path = self._draw.choice(("", "/", "/etc", "relative", "/tmp/\0", "gs://x"))
            model.model_platform = self._draw.choice(("tensorflow", "", "other"))
        allowed = (REFUSALS | {"PERMISSION_DENIED"}) - {"OK"}
        body = request.SerializeToString()
        return GrpcCase("lie about reload", _MODEL + "HandleReloadConfigRequest", body, allowed)

    def _abandoned(self) -> GrpcCase:
        request = self._request("slow", seconds=np.float32([30]))
        body, allowed = request.SerializeToString(), frozenset({"DEADLINE_EXCEEDED"})
        return GrpcCase("abandoned", _PREDICTION + "Predict", body, allowed, timeout_s=0.2)

    def _mutated(self) -> GrpcCase:
        makers: list[Callable[[], GrpcCase]] = [
            self.valid, self._tensor_lie, self._inputs_lie, self._examples_lie, self._examples_lie,
            self._tasks_lie, self._metadata_lie,
        ]  # fmt: skip
        base, other = self._draw.choice(makers)(), self._draw.choice(makers)()
        body = mutate(base.body, self._draw, other.body)
        # INTERNAL is what gRPC says of bytes that are no message; its text is checked beside it.
        return GrpcCase("mutated message", base.method, body, MAYBE | {"INTERNAL"})
