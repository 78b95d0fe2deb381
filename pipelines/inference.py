"""The pipeline of `lianxi infer`: many requests through a pushed model, and the answers in a file.

ExampleGen → BulkInferrer with a pushed version → PredictionWriter

What it keeps is of use only until the file is there, so that it is removed then; after a failure it
stays, and the same command goes on from it.
"""

from __future__ import annotations

import glob
import hashlib
import importlib.util
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tfx.orchestration.pipeline import Pipeline
from tfx.proto import bulk_inferrer_pb2
from tfx.utils import import_utils

from components.example_gen.requests.reader import SPLIT
from components.inference.bulk_inferrer import BulkInferrer
from components.inference.prediction_writer import PredictionWriter
from components.pushed_model import PushedModel
from modules.common.asking.batches import RequestSource, signature_of
from modules.common.declaring.task import Task
from modules.common.runtime.digest import source_digest
from pipelines import builder
from pipelines.cleaning import INFERENCE
from pipelines.environment import Environment
from pipelines.outcome import Outcome
from pipelines.requests import RequestLocation
from pipelines.results import RunResult


@dataclass(kw_only=True)
class InferenceResult(RunResult):
    """What came of an inference.

    Attributes:
        answers: How many requests were `answered`, `refused` by the model, `quarantined` as bad,
            and `set_aside`, once the file is written.
    """

    answers: Mapping[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> str:
        """Takes in a component's outcome; gives one figure about it."""
        figure = super().add(outcome)
        if not outcome.outputs:
            return figure
        if outcome.name == "ExampleGen" and self.counts is not None:
            figure = f"{self.counts.examples:,} requests, {self.counts.quarantined:,} quarantined"
        elif outcome.name == "PushedModel":
            [model] = outcome.outputs["model"]
            figure = f"version {model.get_int_custom_property('version')}"
        elif outcome.name == "PredictionWriter":
            [summary] = outcome.outputs["summary"]
            names = ("answered", "refused", "quarantined", "set_aside")
            self.answers = {name: summary.get_int_custom_property(name) for name in names}
            figure = f"{self.answers['answered']:,} answers"
        return figure


def pipeline_name(task: Task, out: Path) -> str:
    """Names the pipeline that writes a file: two at once never meet.

    Args:
        task: The declaration.
        out: The file, its absolute path.
    """
    return f"{task.name}{INFERENCE}{hashlib.sha256(str(out).encode()).hexdigest()[:8]}"


def create_pipeline(
    task: Task, env: Environment, location: RequestLocation, version: int, out: Path
) -> Pipeline:
    """Builds the pipeline.

    Args:
        task: The declaration.
        env: Where it runs.
        location: What the model is asked about.
        version: Of the pushed model.
        out: The file that is written.
    """
    source = location.source
    example_gen = import_utils.import_class_by_path(source.component)(
        task,
        source,
        location.folder,
        source_digest(*_reader_modules(task, source)),
        location.patterns,
    ).with_id("ExampleGen")
    model = PushedModel(models_dir=env.models_dir, task_name=task.name, version=str(version))
    signature, _ = signature_of(source)
    inferrer = BulkInferrer(
        examples=example_gen.outputs["examples"],
        model=model.outputs["model"],
        data_spec=bulk_inferrer_pb2.DataSpec(example_splits=[SPLIT]),
        model_spec=bulk_inferrer_pb2.ModelSpec(model_signature_name=[signature]),
    )
    writer = PredictionWriter(
        examples=example_gen.outputs["examples"],
        answers=inferrer.outputs["inference_result"],
        task_name=task.name,
        form=type(source).__name__,
        out=str(out),
        begun=str(time.time()),
    )
    nodes = [example_gen, model, inferrer, writer]
    return builder.assemble(pipeline_name(task, out), env, nodes)


def remove_kept(task: Task, env: Environment, out: Path) -> None:
    """Removes what the pipeline kept, once its file is there.

    Args:
        task: The declaration.
        env: Where it ran.
        out: The file.
    """
    name = pipeline_name(task, out)
    shutil.rmtree(env.pipeline_dir(name), ignore_errors=True)
    for path in glob.glob(f"{glob.escape(env.metadata_path(name).removesuffix('.sqlite'))}.*"):
        Path(path).unlink(missing_ok=True)


def _reader_modules(task: Task, source: RequestSource) -> list[str]:
    asks = f"modules.{task.name}.ask"
    own = [asks] if importlib.util.find_spec(asks) else []
    return [source.component.rpartition(".")[0], f"modules.{task.name}.task", *own]
