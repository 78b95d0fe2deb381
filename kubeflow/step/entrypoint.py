"""What a container of a step runs: `python -m kubeflow.step.entrypoint` and TFX's arguments.

KFP's launcher stages the inputs, substitutes `{{$}}` with the ExecutorInput, runs this, and uploads
what lies at the outputs' paths. In between:

1. URIs become staged paths, types and names are filled in (`kubeflow.step.executor_io`), the
   bound on training steps goes where TFX looks for it (`kubeflow.step.train_steps`);
2. for an ExampleGen that reads files, the driver's part is done (`kubeflow.step.file_driver`);
3. the output folders are made, and TFX's own KFP entrypoint runs the executor;
4. the output metadata is rewritten for the launcher, with URIs in the place of paths.

A mistake that a person can mend ends with one line and exit code 1; the trace is above it.

Variables: LIANXI_STAGING_ROOT, the folder in which `minio`, `s3` and `gcs` lie, `/` by default;
LIANXI_SHARED_STAGING, which of them are volumes that all pods mount (`kubeflow.step.shared_files`).
"""

from __future__ import annotations

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import argparse  # noqa: E402
import json  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from contextlib import nullcontext  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from kubeflow.step import outputs, report  # noqa: E402
from modules.common.runtime.progress import Progress, subscribe  # noqa: E402

_PROGRESS_EVERY_S = 10.0


def main(argv: Sequence[str] | None = None) -> None:
    """Runs a step; ends the process with code 1 where it fails."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname).1s %(name)s: %(message)s",
    )
    args, beam_args = _parse(argv)
    step = step_name(args.executor_class_path, args.json_serialized_invocation_args)
    started = time.monotonic()
    _say(f"{step}: started")
    try:
        teller = Teller(step)
        with subscribe(teller):
            done = run(args, beam_args)
        teller.tell()
    except Exception as error:
        from kubeflow.step.refusals import explain_in_step

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
            `task_name`, as `kubeflow.step.outputs` adds them.
        beam_args: Arguments of Beam's runner.

    Returns:
        What came of it.
    """
    from kubeflow.step import (
        executor_io,
        file_driver,
        object_store,
        shared_files,
        train_steps,
        training_job,
    )
    from kubeflow.step.beam_runner import remote_runner
    from kubeflow.step.staging import Staging

    object_store.register()
    # TFX gives Beam's arguments to every step; the others work in their pod.
    runner = remote_runner(beam_args) if uses_beam(args.executor_class_path) else ""
    if has_job := training_job.is_wanted(args.executor_class_path):
        runner = training_job.RUNNER
    staging = Staging(remote=bool(runner))
    given, spec = args.json_serialized_invocation_args, args.json_serialized_inputs_spec_args
    names = args.renamed_outputs
    executor_input = executor_io.for_tfx(given, spec, staging, names)
    train_steps.fold(executor_input, spec)
    output_file = Path(given["outputs"]["outputFile"])
    # TFX takes what lies there for the work of a driver; a step that is tried again left it.
    output_file.unlink(missing_ok=True)
    output_file.parent.mkdir(parents=True, exist_ok=True)
    if file_driver.is_file_based(spec):
        file_driver.resolve(executor_input, spec)
    with (
        shared_files.arrange(executor_input, staging, runner),
        training_job.launching(has_job),
    ):
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

    from kubeflow.step import shared_files
    from pipelines.record_batches import bounded_batches

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
        with bounded_batches() if uses_beam(executor) else nullcontext():
            kubeflow_v2_run_executor.main((arguments, beam_args))
    finally:
        shared_files.remove(temporary)
    with fileio.open(output_file) as file:
        output: dict[str, Any] = json.loads(file.read())
    return output


_HELP = """\
Runs one step of a compiled package, as its container does on Kubeflow Pipelines. Needs no cluster:
what KFP's launcher does before and after is to stage files and to put the ExecutorInput of the step
in the place of {{$}} in the arguments, which are in the package (lianxi compile)."""
_EXAMPLE = """\
What is left of the arguments goes to Beam: --runner=FnApiRunner --direct_running_mode=in_memory.

To run a step again by hand, take the ExecutorInput from the command of its pod (kubectl get pod POD
-o yaml: --executor_input), put the inputs where their URIs say (minio://a/b is
/tmp/pod/minio/a/b), and

  LIANXI_STAGING_ROOT=/tmp/pod python -m kubeflow.step.entrypoint \\
    --executor_class_path tfx.components.statistics_gen.executor.Executor \\
    --json_serialized_invocation_args "$(cat executor_input.json)" \\
    --json_serialized_inputs_spec_args "$(cat inputs_spec.json)"

Variables:
  LIANXI_STAGING_ROOT    folder in which minio, s3 and gcs lie; / where not set
  LIANXI_SHARED_STAGING  which of them are volumes that all pods mount: minio,s3

It prints `STEP: started`, how far it is, `STEP: done in N s`, and a line `report: {...}` that
`lianxi tfx run status` reads. A step that fails ends with 1; its last line is
`error: STEP failed: ...`. docs/kubeflow.md has the whole way from a cluster to a served model."""


def _parse(argv: Sequence[str] | None) -> tuple[argparse.Namespace, list[str]]:
    """Reads TFX's arguments; what is left is Beam's."""
    parser = argparse.ArgumentParser(
        prog="python -m kubeflow.step.entrypoint",
        description=_HELP,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--executor_class_path", required=True, metavar="CLASS", help="import path of what runs")
    add(
        "--json_serialized_invocation_args", required=True, metavar="JSON", type=_mapping,
        help="the ExecutorInput: inputs and outputs with their URIs, parameters",
    )  # fmt: skip
    add(
        "--json_serialized_inputs_spec_args", default={}, metavar="JSON", type=_mapping,
        help="the ComponentInputsSpec: types of the inputs, which KFP does not keep",
    )  # fmt: skip
    add(
        outputs.RENAMED_OUTPUTS, default={}, metavar="JSON", type=_mapping,
        help="outputs that the package calls otherwise than TFX does, such as "
        '{"run_of_model": "model_run"}',
    )  # fmt: skip
    add(
        outputs.TASK_NAME, default="", metavar="TASK",
        help="the task whose metrics Evaluator measures, for KFP's page",
    )  # fmt: skip
    return parser.parse_known_args(argv)


def _mapping(text: str) -> dict[str, Any]:
    """Reads an argument."""
    try:
        value = json.loads(text)
    except ValueError as error:
        shown = f"{text[:40]}..." if len(text) > 40 else text
        raise argparse.ArgumentTypeError(f"expected JSON, found {shown!r}: {error}") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f"expected a mapping, found {text[:40]!r}")
    return value


def uses_beam(executor_class_path: str) -> bool:
    """Tells whether a step runs on Beam.

    Args:
        executor_class_path: Such as `tfx.components.transform.executor.Executor`.
    """
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
    from tfx.utils import import_utils

    return issubclass(import_utils.import_class_by_path(executor_class_path), BaseBeamExecutor)


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
