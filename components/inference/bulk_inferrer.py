"""TFX's BulkInferrer for what Lianxi serves: any signature, with the origin of each example."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.ml.inference.base import RunInference
from tensorflow.core.protobuf import saved_model_pb2
from tfx.components.bulk_inferrer import component, executor
from tfx.dsl.components.base import executor_spec
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.example_gen.requests.reader import ORIGIN
from components.inference.signature_handler import MAX_BATCH, SignatureHandler
from modules.common.export.request_limits import read_max_examples
from modules.common.runtime.errors import DataError

LOGS = "prediction_logs"
"""How the files begin that hold what was answered: serialized `PredictionLog`s, a batch each."""


class Executor(executor.Executor):
    """Asks about batches that the model takes, and goes on after an example that it refuses."""

    def _run_model_inference(
        self,
        data_spec: Any,
        output_example_spec: Any,
        examples: list[Any],
        output_examples: Any,
        inference_result: Any,
        inference_endpoint: Any,
    ) -> None:
        """Runs a model over the splits that count; see TFX's."""
        spec = inference_endpoint.saved_model_spec
        [signature] = spec.signature_name
        handler = SignatureHandler(
            spec.model_path, signature, ORIGIN, most_at_once(spec.model_path, signature)
        )
        with self._make_beam_pipeline() as pipeline:
            read = [
                pipeline | f"ReadData[{split}]" >> beam.io.ReadFromTFRecord(pattern)
                for artifact in examples
                for split in artifact_utils.decode_split_names(artifact.split_names)
                if split in data_spec.example_splits
                for pattern in [
                    io_utils.all_files_pattern(artifact_utils.get_split_uri([artifact], split))
                ]
            ]
            (
                read
                | "Flatten" >> beam.Flatten(pipeline=pipeline)
                | "RunInference" >> RunInference(handler)
                | "WritePredictionLogs"
                >> beam.io.WriteToTFRecord(
                    os.path.join(inference_result.uri, LOGS), file_name_suffix=".gz"
                )
            )


def most_at_once(model_path: str, signature: str) -> int:
    """Says how many examples a model takes at once.

    Args:
        model_path: Folder of a SavedModel.
        signature: Its signature.

    Returns:
        What the model itself says; one where inputs may be of different lengths.

    Raises:
        DataError: If it has no such signature.
    """
    saved_model = saved_model_pb2.SavedModel()
    with fileio.open(os.path.join(model_path, "saved_model.pb"), "rb") as file:
        saved_model.ParseFromString(file.read())
    definitions = saved_model.meta_graphs[0].signature_def
    if signature not in definitions:
        raise DataError(
            f"the model in {model_path} has no signature {signature}; it has "
            f"{', '.join(sorted(definitions))}. Is it of another task, or of an older version?"
        )
    shapes = [info.tensor_shape.dim for info in definitions[signature].inputs.values()]
    if any(dim.size < 0 for shape in shapes for dim in shape[1:]):
        return 1
    is_local = "://" not in model_path
    return (read_max_examples(Path(model_path)) if is_local else None) or MAX_BATCH


class BulkInferrer(component.BulkInferrer):
    """TFX's component with the executor above."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
