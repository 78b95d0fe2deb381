"""What TFX's command line does with `--engine kubeflow`: Kubeflow Pipelines 2.

It takes the place of `tfx.tools.cli.handler.kubeflow_handler`, which imports a runner that TFX
dropped, and does the same by KFP 2's API: a pipeline has an experiment of the same name, an update
is a new version, a run takes the newest one.

A pipeline file is run as TFX runs it; its `main(task_name)` says which task to compile.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from tfx.tools.cli import labels
from tfx.tools.cli.handler.base_handler import BaseHandler

from kubeflow.client import named, run_status
from kubeflow.client.api import DEFAULT_NAMESPACE, ApiError, Client, connect, explain_errors, pages
from kubeflow.client.parameters import parse_parameters
from kubeflow.client.pipeline_file import TaskOfFile, is_package, task_of_package
from kubeflow.client.run_command import show_status
from kubeflow.client.run_log import Log
from kubeflow.client.run_status import RunStatus
from modules.common.declaring.registry import load_task
from modules.common.declaring.task import Task
from modules.common.runtime.errors import LianxiError
from pipelines.commands.tfx_help import AS_JSON, FOLLOW


class KubeflowHandler(BaseHandler):
    """Answers the commands of `tfx pipeline` and `tfx run`.

    Args:
        flags_dict: The flags, by the names of `tfx.tools.cli.labels`.
    """

    _connected: Client | None = None

    def create_pipeline(self) -> None:
        """Uploads a package, compiled of the pipeline file or given; makes its experiment."""
        self._check_image_flag()
        client = self._client
        name = self._task_name()
        if named.find_pipeline(client, name) is not None:
            raise LianxiError(
                f"a pipeline {name} is at {client.endpoint} already; give it a new version "
                "with `pipeline update`, or delete it first"
            )
        with tempfile.TemporaryDirectory() as folder:
            package = self._package(name, Path(folder))
            with self._talking():
                uploaded = client.upload_pipeline(
                    str(package), pipeline_name=name, namespace=client.namespace or None
                )
                client.create_experiment(name, namespace=client.namespace)
        click.echo(f'Pipeline "{name}" created successfully.')
        click.echo(f"See it at {self._link(f'pipelines/details/{uploaded.pipeline_id}')}")

    def update_pipeline(self) -> None:
        """Uploads a package, compiled of the pipeline file or given, as a new version."""
        self._check_image_flag()
        client = self._client
        name = self._task_name()
        pipeline_id = named.pipeline_id(client, name)
        with tempfile.TemporaryDirectory() as folder:
            package = self._package(name, Path(folder))
            version = f"{name}_{time.strftime('%Y%m%d%H%M%S')}"
            with self._talking():
                client.upload_pipeline_version(str(package), version, pipeline_id=pipeline_id)
        click.echo(f'Pipeline "{name}" updated successfully.')
        click.echo(f"See it at {self._link(f'pipelines/details/{pipeline_id}')}")

    def compile_pipeline(self) -> None:
        """Compiles the pipeline file to a package in the current folder."""
        task = self._task()
        package = self._compile(task, Path.cwd() / f"{task.name}.yaml")
        click.echo("Pipeline compiled successfully.")
        click.echo(f"Pipeline package path: {package}")

    def list_pipelines(self) -> None:
        """Prints a table of the pipelines."""
        pipelines = list(named.list_pipelines(self._client))
        if not pipelines:
            click.echo("No pipelines to display.")
            return
        columns = ["pipeline_name", "pipeline_id", "created_at"]
        rows = [
            [each.display_name, each.pipeline_id, each.created_at.isoformat()]
            for _, each in pipelines
        ]
        if self._client.has_users:
            columns.append("namespace")
            for row, (namespace, _) in zip(rows, pipelines, strict=True):
                row.append(namespace or "(shared)")
        click.echo(self._format_table(columns, rows))

    def delete_pipeline(self) -> None:
        """Deletes a pipeline, its versions and its experiment.

        KFP refuses to delete a pipeline that has versions.
        """
        name = self.flags_dict[labels.PIPELINE_NAME]
        client = self._client
        pipeline_id = named.pipeline_id(client, name)
        experiment = named.experiment_id(client, name)
        with explain_errors(client.endpoint):
            for version in list(pages(client.list_pipeline_versions, "pipeline_versions",
                                       pipeline_id=pipeline_id)):  # fmt: skip
                client.delete_pipeline_version(pipeline_id, version.pipeline_version_id)
            client.delete_pipeline(pipeline_id)
            if experiment is not None:
                client.delete_experiment(experiment)
        click.echo(f"Pipeline {name} deleted successfully.")

    def create_run(self) -> None:
        """Runs the newest version of a pipeline."""
        name = self.flags_dict[labels.PIPELINE_NAME]
        client = self._client
        pipeline_id = named.pipeline_id(client, name, shared=True)
        with explain_errors(client.endpoint):
            found = client.list_pipeline_versions(
                pipeline_id, page_size=1, sort_by="created_at desc"
            ).pipeline_versions
        if not found:
            raise LianxiError(f"pipeline {name} has no version to run; `pipeline update` gives one")
        given = self.flags_dict[labels.RUNTIME_PARAMETER]
        parameters = parse_parameters(found[0].pipeline_spec, given)
        with self._talking():
            experiment = client.create_experiment(name, namespace=client.namespace)
            run = client.run_pipeline(
                experiment_id=experiment.experiment_id,
                job_name=name,
                params=parameters,
                pipeline_id=pipeline_id,
                version_id=found[0].pipeline_version_id,
                service_account=self._service_account(),
            )
        click.echo(f"Run created for pipeline: {name}")
        self._print_runs(name, [run])
        follow = f"lianxi tfx run status --pipeline_name {name} --run_id {run.run_id} --follow"
        click.echo(f"See how far it is with `{follow}`")

    def list_runs(self) -> None:
        """Prints a table of a pipeline's runs."""
        name = self.flags_dict[labels.PIPELINE_NAME]
        named.pipeline_id(self._client, name, shared=True)
        experiment = named.experiment_id(self._client, name)
        runs = []
        if experiment is not None:
            with explain_errors(self._client.endpoint):
                runs = list(pages(self._client.list_runs, "runs", experiment_id=experiment))
        if runs:
            self._print_runs(name, runs)
        else:
            click.echo("No runs found.")

    def get_run(self) -> None:
        """Prints how far a run is, what came of its steps, and why it failed."""
        name, run_id = self.flags_dict[labels.PIPELINE_NAME], self.flags_dict[labels.RUN_ID]
        namespace = self.flags_dict.get(labels.NAMESPACE) or DEFAULT_NAMESPACE

        def ask(known: dict[str, Log]) -> RunStatus:
            with self._naming_run():
                return run_status.fetch(self._client, name, run_id, namespace, known)

        show_status(
            ask,
            self._link(f"runs/details/{run_id}"),
            as_json=bool(self.flags_dict.get(AS_JSON)),
            follow=bool(self.flags_dict.get(FOLLOW)),
        )

    def terminate_run(self) -> None:
        """Stops a run."""
        with self._naming_run():
            self._client.terminate_run(self.flags_dict[labels.RUN_ID])
        click.echo("Run terminated.")

    def delete_run(self) -> None:
        """Deletes a run."""
        with self._naming_run():
            self._client.delete_run(self.flags_dict[labels.RUN_ID])
        click.echo("Run deleted.")

    def get_schema(self) -> None:
        """Says where schemas are.

        Raises:
            LianxiError: Always: a schema is curated, not read from a run.
        """
        name = self.flags_dict[labels.PIPELINE_NAME]
        raise LianxiError(
            f"schemas are kept with the source, in schemas/{name}/schema.pbtxt; `lianxi schema "
            f"{name} --data …` infers one from data and shows the difference"
        )

    @property
    def _client(self) -> Client:
        """The client, connected when it is first asked for."""
        if self._connected is None:
            self._connected = connect(
                self.flags_dict.get(labels.ENDPOINT),
                self.flags_dict.get(labels.NAMESPACE, ""),
                self.flags_dict.get(labels.IAP_CLIENT_ID),
            )
        return self._connected

    @contextlib.contextmanager
    def _talking(self) -> Iterator[None]:
        """Explains failures, and keeps kfp from printing links of its own."""
        with explain_errors(self._client.endpoint), contextlib.redirect_stdout(io.StringIO()):
            yield

    @contextlib.contextmanager
    def _naming_run(self) -> Iterator[None]:
        """Explains failures of what is done to one run; one that is not there by its id."""
        try:
            with explain_errors(self._client.endpoint):
                yield
        except ApiError as error:
            if error.status != 404:
                raise
            raise ApiError(
                f"{self._client.endpoint} has no run {self.flags_dict[labels.RUN_ID]}; "
                "`run list --pipeline_name NAME` shows the ids",
                404,
            ) from error

    def _check_image_flag(self) -> None:
        if self.flags_dict.get(labels.BUILD_IMAGE):
            raise LianxiError(
                "--build_image is not for this engine: build and push the image with `docker build "
                "-f kubeflow/Dockerfile`, and name it in the configuration"
            )

    def _task(self) -> Task:
        """Runs the pipeline file as far as to learn its task."""
        path = self.flags_dict[labels.PIPELINE_DSL_PATH]
        if not os.path.isfile(path) or is_package(path):
            raise LianxiError(
                f"expected a pipeline file, found none at {path}; Lianxi's are pipelines/TASK.py"
            )
        patcher = TaskOfFile()
        try:
            context = self.execute_dsl(patcher)
        except SystemExit as stop:
            if patcher.run_called:
                raise
            raise LianxiError(
                f"{path} names no task: expected a call of pipelines.entry.main(task_name), as in "
                "pipelines/name_gender.py, found none"
            ) from stop
        return load_task(context[patcher.TASK_NAME])

    def _task_name(self) -> str:
        """Names the task of the pipeline file, or of the package that stands in its place."""
        path = self.flags_dict[labels.PIPELINE_DSL_PATH]
        return task_of_package(Path(path)) if is_package(path) else self._task().name

    def _package(self, task_name: str, folder: Path) -> Path:
        path, output = self.flags_dict[labels.PIPELINE_DSL_PATH], folder / f"{task_name}.yaml"
        return Path(path) if is_package(path) else self._compile(load_task(task_name), output)

    def _compile(self, task: Task, output: Path) -> Path:
        """Writes the package of a task by the configuration that variables name."""
        from kubeflow.compile.config import load
        from kubeflow.compile.runner import compile_task

        compile_task(task, load()).write(output)
        return output

    def _service_account(self) -> str | None:
        from kubeflow.compile.config import load

        return load().service_account or None

    def _print_runs(self, pipeline_name: str, runs: list[Any]) -> None:
        rows = [
            [
                pipeline_name,
                run.run_id,
                str(run.state or "PENDING"),
                run.created_at.isoformat(),
                self._link(f"runs/details/{run.run_id}"),
            ]
            for run in runs
        ]
        columns = ["pipeline_name", "run_id", "status", "created_at", "link"]
        click.echo(self._format_table(columns, rows))

    def _link(self, page: str) -> str:
        return f"{self._client._get_url_prefix()}/#/{page}"
