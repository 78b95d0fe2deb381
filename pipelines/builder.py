"""The one DAG, for every task.

ExampleGen → StatisticsGen → CuratedSchema → ExampleValidator → AnomalyGate → Transform → (Tuner)
→ Trainer → Evaluator → ServingValidator → Pusher

What is particular to a task comes from its declaration; functions go by import path, with a digest
of the source behind them, since TFX's cache does not see code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfx.components.evaluator.component import Evaluator
from tfx.components.example_validator.component import ExampleValidator
from tfx.components.schema_gen.component import SchemaGen
from tfx.components.trainer.component import Trainer
from tfx.components.transform.component import Transform
from tfx.components.tuner.component import Tuner
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.importer import Importer
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2, trainer_pb2
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Model

from components.anomaly_gate import AnomalyGate
from components.curated_schema import CuratedSchema, schema_digest
from components.model_pusher import KEEP_VERSIONS, MODELS_CONFIG, Pusher
from components.serving_validator import ServingValidator
from modules.common.declaring.settings import DATA, Settings, as_dict, tell
from modules.common.declaring.task import Task
from modules.common.evaluating import grouping
from modules.common.evaluating.evaluation import eval_config
from modules.common.runtime.digest import source_digest
from modules.common.runtime.errors import TaskError
from pipelines import versions
from pipelines.counting import statistics_gen
from pipelines.data import DataLocation
from pipelines.earlier_models import latest_model, previous_model
from pipelines.environment import Environment
from pipelines.example_nodes import digest_files, example_gen_component
from pipelines.span_nodes import Comparison, compare_spans


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run may choose.

    Attributes:
        tune: Whether a Tuner searches settings before training.
        warm_start: Whether training begins with the last blessed model's weights.
        cache: Whether unchanged components are taken from earlier runs.
        accept_drift: Whether data that has moved from the span before is trained on all the same.
    """

    tune: bool = False
    warm_start: bool = False
    cache: bool = True
    accept_drift: bool = False


def create_pipeline(
    task: Task,
    env: Environment,
    data: DataLocation | BaseNode,
    settings: Settings,
    options: Options = Options(),
) -> Pipeline:
    """Builds a task's pipeline.

    Args:
        task: The declaration.
        env: Where it runs.
        data: The raw data, or the ExampleGen that finds it where it runs.
        settings: Resolved settings.
        options: What this run chooses.
    """
    ingest = ingest_components(task, env, data, settings, options.accept_drift)
    examples = ingest["examples"].outputs["examples"]
    schema = ingest["schema"].outputs["schema"]
    transform = Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=f"modules.{task.name}.features.preprocessing_fn",
        # ExampleGen's own statistics are what people look at.
        disable_statistics=True,
        disable_analyzer_cache=True,
        custom_config=_custom_config(task, tell(settings, DATA), "features"),
    )
    transform.add_upstream_node(ingest["gate"])
    training = _training_components(task, env, transform, schema, settings, options)
    trainer = training["trainer"]
    previous = previous_model(task, env, trainer.outputs["model"], training.get("latest"))
    evaluator = Evaluator(
        examples=examples,
        model=trainer.outputs["model"],
        baseline_model=previous.outputs["model"],
        schema=schema,
        eval_config=eval_config(task),
        module_path=grouping.__name__,
        example_splits=["eval"],
    )
    validator = ServingValidator(model=trainer.outputs["model"], task_name=task.name)
    validator.add_upstream_node(evaluator)
    pusher = Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=validator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(
                base_directory=f"{env.models_dir}/{task.name}"
            )
        ),
        custom_config=_pusher_config(env),
    )
    training["previous"] = previous
    # One node may be both the latest and the previous model.
    earlier = list(dict.fromkeys(training.values()))
    nodes = [*ingest.values(), transform, *earlier, evaluator, validator, pusher]
    return assemble(task.name, env, nodes, options.cache)


def create_dry_run(
    task: Task,
    env: Environment,
    data: DataLocation,
    settings: Settings,
    options: Options = Options(),
) -> Pipeline:
    """Builds a pipeline that reads data and holds it against the schema, and ends there.

    It goes by the task's name, so that the run that trains takes from the cache what this one read.
    Arguments are those of `create_pipeline`.
    """
    _check_search(task, options)
    ingest = ingest_components(task, env, data, settings, options.accept_drift)
    return assemble(task.name, env, list(ingest.values()), options.cache)


def create_evaluation(
    task: Task,
    env: Environment,
    data: DataLocation,
    settings: Settings,
    model_uri: str,
    splits: list[str],
) -> Pipeline:
    """Builds a pipeline that only measures a trained model.

    Args:
        task: The declaration.
        env: Where it runs.
        data: What to measure on.
        settings: Settings of the run that trained the model.
        model_uri: That run's Model artifact.
        splits: Which splits of the data count.
    """
    example_gen = example_gen_component(task, data, settings)
    schema = CuratedSchema(task_name=task.name, digest=schema_digest(task.name))
    model = Importer(source_uri=model_uri, artifact_type=Model).with_id("Model")
    evaluator = Evaluator(
        examples=example_gen.outputs["examples"],
        model=model.outputs["result"],
        schema=schema.outputs["schema"],
        eval_config=eval_config(task),
        module_path=grouping.__name__,
        example_splits=splits,
    )
    return assemble(f"{task.name}_evaluate", env, [example_gen, schema, model, evaluator])


def create_inference(
    task: Task, env: Environment, data: DataLocation, settings: Settings
) -> Pipeline:
    """Builds a pipeline that only infers a schema from data."""
    example_gen = example_gen_component(task, data, settings)
    statistics = statistics_gen(example_gen.outputs["examples"])
    schema = SchemaGen(statistics=statistics.outputs["statistics"], infer_feature_shape=True)
    return assemble(f"{task.name}_schema", env, [example_gen, statistics, schema])


def ingest_components(
    task: Task,
    env: Environment,
    data: DataLocation | BaseNode,
    settings: Settings,
    accept_drift: bool = False,
) -> dict[str, BaseNode]:
    """Makes the components that read data and hold it against the schema.

    Args:
        task: The declaration.
        env: Where the pipeline runs.
        data: The raw data, or the ExampleGen that finds it where it runs.
        settings: Resolved settings.
        accept_drift: Whether data that has moved from the span before is trained on all the same.

    Returns:
        `examples`, `statistics`, `schema`, `validator`, `gate`, and what compares spans of data
        where there are several.
    """
    is_found = isinstance(data, DataLocation)
    example_gen: BaseNode = example_gen_component(task, data, settings) if is_found else data
    statistics = statistics_gen(example_gen.outputs["examples"])
    schema = CuratedSchema(task_name=task.name, digest=schema_digest(task.name))
    validator = ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    spans = Comparison()
    if isinstance(data, DataLocation):
        spans = compare_spans(task, env, data, settings, statistics.outputs["statistics"])
    gate = AnomalyGate(
        anomalies=validator.outputs["anomalies"],
        statistics=statistics.outputs["statistics"],
        task_name=task.name,
        **spans.gate_inputs,
        **({"accept_drift": 1} if accept_drift else {}),
    )
    return {
        "examples": example_gen,
        "statistics": statistics,
        "schema": schema,
        "validator": validator,
        **spans.nodes,
        "gate": gate,
    }


def assemble(name: str, env: Environment, nodes: list[BaseNode], cache: bool = True) -> Pipeline:
    """Puts nodes together as a pipeline that keeps its metadata where the environment says."""
    connection = None
    if env.has_metadata:
        metadata_path = env.metadata_path(name)
        Path(metadata_path).parent.mkdir(parents=True, exist_ok=True)
        connection = metadata.sqlite_metadata_connection_config(metadata_path)
    return Pipeline(
        pipeline_name=env.pipeline_name(name),
        pipeline_root=env.pipeline_dir(name),
        components=nodes,
        enable_cache=cache,
        metadata_connection_config=connection,
        beam_pipeline_args=list(env.beam_args),
    )


def _check_search(task: Task, options: Options) -> None:
    if options.tune and not task.search:
        raise TaskError(f"{task.name} declares nothing to search; leave --tune out")


def _training_components(
    task: Task,
    env: Environment,
    transform: Transform,
    schema: Channel,
    settings: Settings,
    options: Options,
) -> dict[str, BaseNode]:
    """Makes Trainer, and what it asks for: a Tuner, a model to start from."""
    nodes: dict[str, BaseNode] = {}
    inputs: dict[str, Any] = {
        "examples": transform.outputs["transformed_examples"],
        "transform_graph": transform.outputs["transform_graph"],
        "train_args": trainer_pb2.TrainArgs(splits=["train"]),
        "eval_args": trainer_pb2.EvalArgs(splits=["eval"]),
        "custom_config": _custom_config(task, settings, "trainer"),
    }
    _check_search(task, options)
    if options.tune:
        nodes["tuner"] = Tuner(tuner_fn=f"modules.{task.name}.trainer.tuner_fn", **inputs)
        inputs["hyperparameters"] = nodes["tuner"].outputs["best_hyperparameters"]
    if options.warm_start:
        nodes["latest"] = latest_model(task, env)
        inputs["base_model"] = nodes["latest"].outputs["model"]
    nodes["trainer"] = Trainer(
        run_fn=f"modules.{task.name}.trainer.run_fn", schema=schema, **inputs
    )
    return nodes


def _pusher_config(env: Environment) -> dict[str, Any] | None:
    """Says how many versions stay, and where it stands which stay whatever their age."""
    if not env.keep_versions:
        return None
    kept = {MODELS_CONFIG: str(versions.kept_path(env))} if env.has_metadata else {}
    return {KEEP_VERSIONS: env.keep_versions, **kept}


def _custom_config(task: Task, settings: Settings, module: str) -> dict[str, Any]:
    return {
        "settings": as_dict(settings),
        "source_digest": source_digest(f"modules.{task.name}.{module}"),
        "file_digests": digest_files(task, settings),
    }
