"""Every task in batches: what `lianxi infer` answers is what the model answers one by one."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from smoke import SmokeRun
from tensorflow_serving.apis import prediction_log_pb2

from components.example_gen.read_config import ReadConfig
from components.example_gen.records import Record, to_example
from components.example_gen.requests import reader
from components.inference.bulk_inferrer import most_at_once
from components.inference.signature_handler import MAX_BATCH, SignatureHandler
from modules.common.asking.asking import asker_of
from modules.common.asking.batches import (
    FileRequests,
    LineRequests,
    RequestSource,
    RowRequests,
    check_fits_records,
    list_sources,
    outputs_of,
    signature_of,
)
from modules.common.declaring.fields import MEDIA_KINDS
from modules.common.declaring.task import Task
from modules.common.runtime.errors import WrongUsage
from modules.common.runtime.stack import safe_argument
from pipelines.requests import locate

pytestmark = pytest.mark.e2e

FEW = 3


def answers_with_media(task: Task) -> bool:
    return any(field.kind in MEDIA_KINDS for field in asker_of(task).outputs)


def write_requests(run: SmokeRun, folder: Path) -> RequestSource:
    """Writes the first requests of the sample, or the declared examples."""
    source = list_sources(run.task, {})[0]
    sample = sorted(
        path for path in (run.root / "smoke/sample" / run.task.name).rglob("*") if path.is_file()
    )
    if isinstance(source, FileRequests):
        files = [path for path in sample if path.suffix[1:].lower() in source.endings][:FEW]
        for path in files:
            (folder / path.name).write_bytes(path.read_bytes())
        [subject] = [field for field in signature_of(source)[1] if field.default is None][:1]
        for number, example in enumerate(asker_of(run.task).examples if not files else ()):
            (folder / f"{number}.{source.endings[0]}").write_bytes(example[subject.name])
    elif any(path.suffix == ".csv" for path in sample):
        [table] = [path for path in sample if path.suffix == ".csv"]
        (folder / table.name).write_bytes(b"".join(table.open("rb").readlines()[: FEW + 1]))
    else:
        [subject] = [field for field in signature_of(source)[1] if field.default is None]
        lines = [example[subject.name] for example in asker_of(run.task).examples]
        (folder / "lines.txt").write_text("\n".join(lines), "utf-8")
    return locate(run.task, str(folder), {}).source


def read(task: Task, source: RequestSource, folder: Path) -> list[dict[str, Any]]:
    readers = {
        FileRequests: reader.read_file,
        LineRequests: reader.read_text_lines,
        RowRequests: reader.read_rows,
    }
    config = ReadConfig(
        task_name=task.name, source=source, settings=task.settings(), data_dir=str(folder)
    )
    paths = [str(path) for path in sorted(folder.iterdir())]
    found = [each for item in enumerate(paths) for each in readers[type(source)](item, config)]
    assert all(isinstance(each, Record) for each in found), found
    return [dict(each.features) for each in found]


def batches(size: int, examples: list[bytes]) -> Iterator[list[bytes]]:
    rest = iter(examples)
    yield from iter(lambda: list(itertools.islice(rest, size)), [])


def to_tensor(value: Any, dtype: tf.DType) -> tf.Tensor:
    # A record holds what is true or false as a number.
    return tf.cast(tf.constant(value), dtype) if dtype == tf.bool else tf.constant(value, dtype)


def test_batches_answer_as_the_signature_does(
    task: Task, smoke_run: SmokeRun, tmp_path: Path
) -> None:
    if answers_with_media(task):
        with pytest.raises(WrongUsage, match=f"use|ask it with `lianxi predict {task.name}"):
            check_fits_records(task)
        return
    check_fits_records(task)
    source = write_requests(smoke_run, tmp_path)
    requests = read(task, source, tmp_path)
    assert len(requests) >= 1
    signature, inputs = signature_of(source)
    model_path = str(smoke_run.first["pushed"])
    size = most_at_once(model_path, signature)
    handler = SignatureHandler(model_path, signature, reader.ORIGIN, size)
    model = handler.load_model()
    logs = [
        prediction_log_pb2.PredictionLog.FromString(log).predict_log
        for batch in batches(min(size, MAX_BATCH), [to_example(each) for each in requests])
        for log in handler.run_inference(batch, model)
    ]
    origins = [each for log in logs for each in log.request.inputs[reader.ORIGIN].string_val]
    assert [json.loads(each) for each in origins] == [
        json.loads(each[reader.ORIGIN]) for each in requests
    ]
    direct = tf.saved_model.load(model_path).signatures[signature]
    answered = iter(
        {name: tf.make_ndarray(tensor)[row] for name, tensor in log.response.outputs.items()}
        for log in logs
        for row in range(len(log.request.inputs[reader.ORIGIN].string_val))
    )
    specs = direct.structured_input_signature[1]
    for request, answer in zip(requests, answered, strict=True):
        given = {
            name: tf.reshape(
                to_tensor(request[name], spec.dtype), [1, *(n or -1 for n in spec.shape[1:])]
            )
            for name, spec in specs.items()
        }
        for name, values in direct(**given).items():
            expected = np.asarray(values.numpy()[0])
            # A batch is as wide as its widest answer.
            found = np.asarray(answer[name])
            found = found[..., : expected.shape[-1]] if expected.shape else found
            if expected.dtype.kind == "f":
                np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4, err_msg=name)
            else:
                assert found.tolist() == expected.tolist(), name
    assert {field.name for field in outputs_of(source)} <= set(logs[0].response.outputs)
    assert {safe_argument(field.name) for field in inputs} == set(specs)
