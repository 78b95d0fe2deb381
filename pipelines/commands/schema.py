"""`lianxi schema`: infers a schema from data and shows where the curated one differs."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from modules.common.declaring.task import Task
from modules.common.runtime.errors import TaskError
from pipelines import stopping
from pipelines.commands.options import (
    data_option,
    env_option,
    root_option,
    spans_option,
    task_argument,
)
from pipelines.environment import Environment, environment
from pipelines.logs import logging_to, new_log_path


@click.command()
@task_argument
@data_option
@spans_option
@click.option("--out", type=click.Path(path_type=Path), help="Write the inferred schema here.")
@root_option
@env_option
def command(
    task: Task,
    data: str | None,
    spans: int | None,
    out: Path | None,
    root: str | None,
    env_name: str,
) -> None:
    r"""Infer a schema of TASK's raw features from data, and compare it with the curated one.

    Lines with - stand in schemas/TASK/schema.pbtxt only, lines with + in the data only. Thresholds
    of drift and skew, which no data tells, are those of the curated one.

    \b
    lianxi schema name_gender --data DIR
    lianxi schema name_gender --data DIR --out schema.pbtxt
    """
    env = environment(env_name, root)
    stopping.note_kept(f"What finished before is kept in {env.root}.")
    log = new_log_path(env.logs_dir, f"schema-{task.name}")
    with logging_to(log):
        curated = _read_curated(task)
        inferred = _keep_thresholds(_infer(task, data, env, spans), curated)
    if out is not None:
        out.write_text(inferred, encoding="utf-8")
        click.echo(f"wrote {out}")
    if curated is None:
        click.echo(f"{task.name} has no curated schema; inferred:\n{inferred}")
        return
    difference = list(
        difflib.unified_diff(
            curated.splitlines(), inferred.splitlines(), "curated", "inferred", lineterm="", n=2
        )
    )
    click.echo("\n".join(difference) or "the curated schema is what the data looks like")


def _infer(task: Task, data: str | None, env: Environment, spans: int | None) -> str:
    from pipelines import builder, runner
    from pipelines.data import locate
    from pipelines.results import RunResult

    settings = task.resolve({}, smoke=env.smoke)
    location = locate(task, data, env, settings, spans)
    pipeline = builder.create_inference(task, env, location, settings)
    result = RunResult(task=task)
    runner.run(pipeline, env, result, lambda name: None, lambda outcome, figure: None)
    [schema] = next(o for o in result.outcomes if o.name == "SchemaGen").outputs["schema"]
    return _normal(Path(schema.uri, "schema.pbtxt").read_text(encoding="utf-8"))


def _keep_thresholds(inferred: str, curated: str | None) -> str:
    """Puts the thresholds of the curated schema into one that was inferred."""
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    if curated is None:
        return inferred
    schema = text_format.Parse(inferred, schema_pb2.Schema())
    known = {each.name: each for each in text_format.Parse(curated, schema_pb2.Schema()).feature}
    for feature in schema.feature:
        for name in ("drift_comparator", "skew_comparator"):
            if feature.name in known and known[feature.name].HasField(name):
                getattr(feature, name).CopyFrom(getattr(known[feature.name], name))
    return _normal(text_format.MessageToString(schema))


def _read_curated(task: Task) -> str | None:
    from components.curated_schema import schema_text

    try:
        return _normal(schema_text(task.name))
    except TaskError:
        return None


def _normal(text: str) -> str:
    """Writes a schema with its features by name, so that order is no difference."""
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    schema = text_format.Parse(text, schema_pb2.Schema())
    features = sorted(schema.feature, key=lambda feature: str(feature.name))
    domains = sorted(schema.string_domain, key=lambda domain: str(domain.name))
    del schema.feature[:]
    del schema.string_domain[:]
    schema.feature.extend(features)
    schema.string_domain.extend(domains)
    return str(text_format.MessageToString(schema, as_utf8=True))
