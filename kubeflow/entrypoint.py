"""What a container of a step runs: `python -m kubeflow.entrypoint` and TFX's arguments.

KFP's launcher stages the inputs, substitutes `{{$}}` with the ExecutorInput, runs this, and uploads
what lies at the outputs' paths. In between:

1. URIs become staged paths, types and names are filled in (`kubeflow.executor_io`), the bound on
   training steps goes where TFX looks for it (`kubeflow.train_steps`);
2. for an ExampleGen that reads files, the driver's part is done (`kubeflow.file_driver`);
3. the output folders are made, and TFX's own KFP entrypoint runs the executor;
4. the output metadata is rewritten for the launcher, with URIs in the place of paths.

A mistake that a person can mend ends with one line and exit code 1; the trace is above it.

Variables: LIANXI_STAGING_ROOT, the folder in which `minio`, `s3` and `gcs` lie, `/` by default;
LIANXI_SHARED_STAGING, which of them are volumes that all pods mount (`kubeflow.shared_files`).
"""

from __future__ import annotations

from modules.common.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import argparse  # noqa: E402
import json  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from kubeflow import outputs, report  # noqa: E402
from modules.common.progress import Progress, subscribed  # noqa: E402

_PROGRESS_EVERY_S = 10.0


def main(argv: Sequence[str] | None = None) -> None:
    """Runs a step; ends the process with code 1 where it fails."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname).1s %(name)s: %(message)s",
    )
    args, beam_args = _parse(argv)
    step = step_name(args.executor_class_path, json.loads(args.json_serialized_invocation_args))
    started = time.monotonic()
    _say(f"{step}: started")
    try:
        teller = Teller(step)
        with subscribed(teller):
            done = run(args, beam_args)
        teller.tell()
    except Exception as error:
        from kubeflow.refusals import explain_in_step

        logging.exception("%s failed", step)
        # The last line is what a person sees first in KFP's log viewer.
        print(f"error: {step} failed: {explain_in_step(error)}", file=sys.stderr, flush=True)
        sys.exit(1)
    told = "".join(f", {name} {value:,.6g}" for name, value in sorted(done.counts.items()))
    seconds = time.monotonic() - started
    _say(f"{step}: done in {seconds:.1f} s{told}")
    _say(report.line(step, seconds, done))


def run(args: argparse.Namespace, beam_args: list[str]) -> report.Report:
    """Runs a step.

    Args:
        args: `executor_class_path`, `json_serialized_invocation_args` and
            `json_serialized_inputs_spec_args`, as TFX compiles them; `renamed_outputs` and
            `task_name`, as `kubeflow.outputs` adds them.
        beam_args: Arguments of Beam's runner.

    Returns:
        What came of it.
    """
    from kubeflow import executor_io, file_driver, object_store, shared_files, train_steps
    from kubeflow.beam_engine import remote_runner
    from kubeflow.staging import Staging

    object_store.register()
    runner = remote_runner(beam_args)
    staging = Staging(remote=bool(runner))
    given = json.loads(args.json_serialized_invocation_args)
    spec = json.loads(args.json_serialized_inputs_spec_args)
    names = json.loads(args.renamed_outputs)
    executor_input = executor_io.for_tfx(given, spec, staging, names)
    train_steps.fold(executor_input, spec)
    output_file = Path(given["outputs"]["outputFile"])
    # TFX takes what lies there for the work of a driver; a step that is tried again left it.
    output_file.unlink(missing_ok=True)
    output_file.parent.mkdir(parents=True, exist_ok=True)
    if file_driver.is_file_based(spec):
        file_driver.resolve(executor_input, spec)
    with shared_files.arranged(executor_input, staging, runner):
        output = _execute(args.executor_class_path, executor_input, spec, beam_args)
    done = report.read(output, args.task_name)
    output = executor_io.for_launcher(output, given, staging, names)
    output = outputs.with_metrics(output, given, done.numbers)
    output_file.write_text(json.dumps(output, ensure_ascii=False), encoding="utf-8")
    return done


def _execute(
    executor: str, executor_input: dict[str, Any], spec: dict[str, Any], beam_args: list[str]
) -> dict[str, Any]:
    """Makes the output folders, lets TFX's entrypoint run the executor, and reads what it says."""
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2
    from tfx.dsl.io import fileio
    from tfx.orchestration.kubeflow.v2.container import (
        kubeflow_v2_entrypoint_utils,
        kubeflow_v2_run_executor,
    )
    from tfx.orchestration.portable import outputs_utils

    parsed = json_format.ParseDict(
        executor_input, pipeline_spec_pb2.ExecutorInput(), ignore_unknown_fields=True
    )
    made = kubeflow_v2_entrypoint_utils.parse_raw_artifact_dict(parsed.outputs.artifacts)
    # A pod that is tried again finds what the first left, where the folders are on a volume.
    for [artifact] in made.values():
        if fileio.exists(artifact.uri):
            (fileio.rmtree if fileio.isdir(artifact.uri) else fileio.remove)(artifact.uri)
    outputs_utils.make_output_dirs(made)
    arguments = argparse.Namespace(
        executor_class_path=executor,
        json_serialized_invocation_args=json.dumps(executor_input),
        json_serialized_inputs_spec_args=json.dumps(spec),
    )
    output_file = executor_input["outputs"]["outputFile"]
    temporary = os.path.join(os.path.dirname(output_file), ".temp")
    try:
        kubeflow_v2_run_executor.main((arguments, beam_args))
    finally:
        if fileio.exists(temporary):
            fileio.rmtree(temporary)
    with fileio.open(output_file) as file:
        output: dict[str, Any] = json.loads(file.read())
    return output


def _parse(argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """Reads TFX's arguments; what is left is Beam's."""
    parser = argparse.ArgumentParser(prog="kubeflow.entrypoint", allow_abbrev=False)
    parser.add_argument("--executor_class_path", required=True)
    parser.add_argument("--json_serialized_invocation_args", required=True)
    parser.add_argument("--json_serialized_inputs_spec_args", default="{}")
    parser.add_argument(outputs.RENAMED_OUTPUTS, default="{}")
    parser.add_argument(outputs.TASK_NAME, default="")
    return parser.parse_known_args(argv)


def step_name(executor_class_path: str, executor_input: dict[str, Any]) -> str:
    """Tells which step this is.

    Args:
        executor_class_path: Such as `tfx.components.trainer.executor.GenericExecutor`.
        executor_input: What the launcher gave.

    Returns:
        The task's name, which KFP puts into the URIs of outputs, or what the executor's path says
        where there are none.
    """
    if task := outputs.task_name(executor_input):
        return task
    *modules, name = executor_class_path.split(".")
    if name.endswith("_Executor"):
        return name.removesuffix("_Executor")
    folder = modules[-2] if modules[-1] == "executor" else modules[-1]
    return "".join(word.capitalize() for word in folder.split("_"))


def _say(line: str) -> None:
    print(line, flush=True)


class Teller:
    """Says how far a step is, at most once in ten seconds."""

    def __init__(self, step: str) -> None:
        """Begins to count the seconds.

        Args:
            step: Name of the step.
        """
        self._step = step
        self._told = time.monotonic()
        self._untold: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        """Takes a report, and says it if it is time."""
        self._untold = progress
        if time.monotonic() - self._told >= _PROGRESS_EVERY_S:
            self.tell()

    def tell(self) -> None:
        """Says how far it was at last, if that has not been said."""
        progress, self._untold = self._untold, None
        if progress is None:
            return
        self._told = time.monotonic()
        total = f" of {progress.total:,}" if progress.total else ""
        figures = "".join(f", {name} {value:.4g}" for name, value in progress.figures.items())
        _say(f"{self._step}: {progress.unit} {progress.done:,.4g}{total}{figures}")


if __name__ == "__main__":
    main()
