"""Writes what a BulkInferrer answered as one file, in the order of the input."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types.standard_artifacts import Examples, InferenceResult

from components.example_gen import quarantine
from components.example_gen.records import BAD
from components.example_gen.requests.example_gen import CARRIED
from components.example_gen.requests.reader import ORIGIN
from components.inference import formats
from components.inference.bulk_inferrer import LOGS
from components.inference.signature_handler import REFUSED
from components.inference.sorted_lines import Placed, sort
from modules.common.asking.answers import cut_to_assertion
from modules.common.asking.batches import make_source, outputs_of
from modules.common.declaring.registry import load_task
from modules.common.runtime import progress

_REPORT_INTERVAL_S = 0.5


@component
def PredictionWriter(
    examples: InputArtifact[Examples],
    answers: InputArtifact[InferenceResult],
    summary: OutputArtifact[InferenceResult],
    task_name: Parameter[str],
    form: Parameter[str],
    out: Parameter[str],
    begun: Parameter[str],
) -> None:
    """Writes the answers, and beside them what was not answered.

    Both files are written under other names, and then renamed.

    Args:
        examples: What the model was asked about.
        answers: What it answered.
        summary: Says how many were answered, refused by the model, bad, and set aside.
        task_name: The task.
        form: The class of the source of the requests.
        out: The file that is written; its ending says the format.
        begun: When this began, so that nothing is taken from a cache.
    """
    path = Path(out)
    rejects = rejects_path(path)
    source = make_source(load_task(task_name), form, {})
    carried = json.loads(examples.get_string_custom_property(CARRIED))
    columns = formats.choose_columns(carried, outputs_of(source))
    counts = quarantine.read_counts(examples.uri)
    unfinished, unfinished_rejects = (
        each.with_name(f".{each.name}.{os.getpid()}") for each in (path, rejects)
    )
    try:
        with unfinished_rejects.open("w", encoding="utf-8") as rejected:
            _copy_rejects(quarantine.rejects_path(examples.uri), rejected)
            reading = _Reading(columns, formats.encoder(path, columns), rejected, counts.examples)
            formats.write(sort(reading.read(answers.uri)), unfinished, columns, path)
        unfinished.replace(path)
        if reading.refused or counts.unused:
            unfinished_rejects.replace(rejects)
        else:
            rejects.unlink(missing_ok=True)
    finally:
        unfinished.unlink(missing_ok=True)
        unfinished_rejects.unlink(missing_ok=True)
    summary.set_int_custom_property("answered", reading.answered)
    summary.set_int_custom_property("refused", reading.refused)
    summary.set_int_custom_property("quarantined", counts.quarantined)
    summary.set_int_custom_property("set_aside", counts.set_aside)


def rejects_path(out: Path) -> Path:
    """Names the file that holds what was not answered, beside that of the answers.

    Args:
        out: The file of the answers.
    """
    plain = out.with_suffix("") if out.suffix == ".gz" else out
    return plain.with_name(f"{plain.stem}.rejects.jsonl")


class _Reading:
    """Reads batches of answers, and counts."""

    def __init__(self, columns: formats.Columns, encode: Any, rejected: Any, total: int) -> None:
        self._columns = columns
        self._encode = encode
        self._rejected = rejected
        self._total = total
        self.answered = 0
        self.refused = 0

    def read(self, folder: str) -> Iterator[Placed]:
        """Gives encoded records with their places."""
        files = sorted(fileio.glob(os.path.join(folder, f"{LOGS}*")))
        report_at = 0.0
        for serialized in tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator():
            log = prediction_log_pb2.PredictionLog.FromString(serialized).predict_log
            origins = [json.loads(each) for each in log.request.inputs[ORIGIN].string_val]
            outputs = log.response.outputs
            if REFUSED in outputs:
                self._refuse(origins, outputs[REFUSED].string_val)
                continue
            yield from self._encode_batch(origins, outputs)
            if time.monotonic() > report_at:
                report_at = time.monotonic() + _REPORT_INTERVAL_S
                done = progress.Progress(done=self.answered, total=self._total, unit="answer")
                progress.report(done)

    def _encode_batch(self, origins: list[Any], outputs: Any) -> Iterator[Placed]:
        fields = self._columns.outputs
        answer = {field.name: _as_lists(outputs[field.name]) for field in fields}
        answer = formats.cut_padding(fields, answer)
        values = zip(*(answer[field.name] for field in fields), strict=True)
        for (place, key, cells), answered in zip(origins, values, strict=True):
            yield place, self._encode([key, *cells, *answered])
        self.answered += len(origins)

    def _refuse(self, origins: list[Any], reasons: Any) -> None:
        for (_, key, _), reason in zip(origins, reasons, strict=True):
            words = cut_to_assertion(reason.decode("utf-8", "replace"))
            self._rejected.write(_reject_line(key, words, "refused"))
            self.refused += 1


def _as_lists(tensor: Any) -> list[Any]:
    values = tf.make_ndarray(tensor).tolist()
    return _as_text(values) if tensor.dtype == tf.string.as_datatype_enum else values


def _as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return value.decode("utf-8", "replace")


def _copy_rejects(source: str, file: Any) -> None:
    """Copies what reading did not use, each with the key that its answer would have."""
    with fileio.open(source) as rejects:
        for line in rejects:
            reject = json.loads(line)
            line_number = reject["where"].removeprefix("line ")
            key = f"{reject['path']}:{line_number}" if line_number else reject["path"]
            kind = "bad" if reject["kind"] == BAD else "set aside"
            file.write(_reject_line(key, reject["reason"], kind))


def _reject_line(key: str, reason: str, kind: str) -> str:
    return json.dumps({"key": key, "reason": reason, "kind": kind}, ensure_ascii=False) + "\n"
