"""Any signature is asked about examples, and one that the model refuses costs only itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tiny_model
from tensorflow_serving.apis import prediction_log_pb2

from components.example_gen.records import to_example
from components.inference.bulk_inferrer import most_at_once
from components.inference.signature_handler import MAX_BATCH, REFUSED, SignatureHandler
from modules.common.export.request_limits import write_max_examples
from modules.common.runtime.errors import DataError

ORIGIN = "origin"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.export(tmp_path_factory.mktemp("model") / "1", "m")


def ask(exported: Path, signature: str, examples: list[dict[str, Any]]) -> list[Any]:
    handler = SignatureHandler(str(exported), signature, ORIGIN, 100)
    batch = [
        to_example({**each, ORIGIN: json.dumps(number)}) for number, each in enumerate(examples)
    ]
    logs = handler.run_inference(batch, handler.load_model())
    return [prediction_log_pb2.PredictionLog.FromString(log).predict_log for log in logs]


def numbers(log: Any) -> list[int]:
    return [json.loads(each) for each in log.request.inputs[ORIGIN].string_val]


def test_inputs_of_several_names_types_and_shapes_reach_the_signature(exported: Path) -> None:
    [log] = ask(exported, "counted", [{"x": [1.0, 2.0], "n": 10}, {"x": [3.0, 4.0], "n": 20}])
    assert log.request.model_spec.signature_name == "counted"
    assert numbers(log) == [0, 1]
    assert tf.make_ndarray(log.response.outputs["sum"]).tolist() == [13.0, 27.0]


@pytest.mark.parametrize("bad", [[], [0], [6], [0, 1, 5], list(range(7))])
def test_what_the_model_refuses_is_said_and_the_others_are_answered(
    exported: Path, bad: list[int]
) -> None:
    examples = [{"x": [500.0 if n in bad else n, 0.0], "n": 0} for n in range(7)]
    logs = ask(exported, "counted", examples)
    refused = [log for log in logs if REFUSED in log.response.outputs]
    assert [number for log in refused for number in numbers(log)] == bad
    assert all(b"too big" in log.response.outputs[REFUSED].string_val[0] for log in refused)
    sums = {
        number: total
        for log in logs
        if log not in refused
        for number, total in zip(
            numbers(log), tf.make_ndarray(log.response.outputs["sum"]).tolist(), strict=True
        )
    }
    assert sums == {n: float(n) for n in range(7) if n not in bad}
    assert [number for log in logs for number in numbers(log)] == list(range(7))


def test_a_batch_is_no_larger_than_the_model_takes_nor_than_memory(exported: Path) -> None:
    kwargs = SignatureHandler(str(exported), "counted", ORIGIN, 5).batch_elements_kwargs()
    assert kwargs["max_batch_size"] == 5
    size = SignatureHandler(str(exported), "counted", ORIGIN, 10**6).batch_elements_kwargs()
    assert size["max_batch_size"] == MAX_BATCH
    assert size["element_size_fn"](b"x") == 1
    assert MAX_BATCH // size["element_size_fn"](b"x" * 10**6) < 20


def test_the_model_says_how_many_it_takes(exported: Path, tmp_path: Path) -> None:
    assert most_at_once(str(exported), "counted") == MAX_BATCH
    copy = tiny_model.export(tmp_path / "2", "m")
    (copy / "assets.extra").mkdir()
    write_max_examples(str(copy), 2)
    assert most_at_once(str(copy), "counted") == 2
    with pytest.raises(DataError, match="has no signature lost; it has .*counted"):
        most_at_once(str(exported), "lost")
