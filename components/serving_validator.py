"""Blesses a model that serves: loaded by the real gRPC server, asked real requests, timed.

TFX's InfraValidator needs Docker or Kubernetes; this needs neither, and emits the same
`InfraBlessing` that Pusher asks for.
"""

import os
import statistics
import tempfile
import time
from typing import Any

import numpy as np
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types.standard_artifacts import InfraBlessing, Model
from tfx.utils import path_utils

from lianxi_client import Client, ClientError
from modules.common.declaring.registry import load_task
from modules.common.declaring.task import Field, Task
from modules.common.runtime.errors import GateError
from serving.errors import ServingError
from serving.server import Server, ServerConfig

_LOAD_TIMEOUT_S = 300.0
_TIMED_REQUESTS = 5
_KINDS = {"float32": "f", "int64": "i", "string": "OSU", "bool": "b", "uint8": "u"}


@component
def ServingValidator(
    model: InputArtifact[Model],
    blessing: OutputArtifact[InfraBlessing],
    task_name: Parameter[str],
) -> None:
    """Serves the exported model and checks its answers.

    Args:
        model: What Trainer exported.
        blessing: Blessed where the model serves.
        task_name: The task, whose example request is sent.

    Raises:
        GateError: If it does not load, answers wrongly, or takes longer than the task allows.
    """
    task = load_task(task_name)
    latency_ms = validate(task, path_utils.serving_model_path(model.uri))
    with fileio.open(os.path.join(blessing.uri, "INFRA_BLESSED"), "w") as file:
        file.write("")
    blessing.set_int_custom_property("blessed", 1)
    blessing.set_float_custom_property("latency_ms", latency_ms)


def validate(task: Task, saved_model_dir: str) -> float:
    """Serves a SavedModel on a free port and asks it the task's example request.

    Args:
        task: The declaration.
        saved_model_dir: An exported model.

    Returns:
        Median latency of a request, in milliseconds.

    Raises:
        GateError: As for the component.
    """
    with tempfile.TemporaryDirectory() as folder:
        # A server expects <model>/<version>/.
        os.symlink(os.path.abspath(saved_model_dir), os.path.join(folder, "1"))
        with Server({task.name: folder}, ServerConfig(port=0, warmup=False)) as server:
            try:
                server.wait_until_available(task.name, _LOAD_TIMEOUT_S)
            except (ServingError, TimeoutError) as error:
                raise GateError(f"the exported model does not load: {error}") from error
            answer, latency_ms = _ask(task, server.port)
    check_answer(task, answer)
    if latency_ms > task.max_latency_ms:
        raise GateError(
            f"a request takes {latency_ms:.0f} ms, more than the {task.max_latency_ms:.0f} ms that "
            f"{task.name} allows; make the model smaller, or raise max_latency_ms in its task.py"
        )
    return latency_ms


def _ask(task: Task, port: int) -> tuple[dict[str, Any], float]:
    """Sends the example request: the answer, and the median latency once warm, in ms."""
    latencies_ms = []
    with Client(f"localhost:{port}") as client:
        try:
            answer = client.predict(task.name, task.serving.example)
            for _ in range(_TIMED_REQUESTS):
                start = time.perf_counter()
                answer = client.predict(task.name, task.serving.example)
                latencies_ms.append(1000 * (time.perf_counter() - start))
        except ClientError as error:
            raise GateError(f"the exported model does not answer: {error}") from error
    return answer, statistics.median(latencies_ms)


def check_answer(task: Task, answer: dict[str, Any]) -> None:
    """Holds an answer against the declared outputs.

    Raises:
        GateError: Where names, types, batch size or finiteness do not agree.
    """
    declared = {entry.name: entry for entry in task.serving.outputs}
    if set(answer) != set(declared):
        raise GateError(
            f"the model answers {sorted(answer)}; {task.name} declares {sorted(declared)}"
        )
    batch = len(next(iter(task.serving.example.values())))
    for name, entry in declared.items():
        problem = _problem(entry, np.asarray(answer[name]), batch)
        if problem:
            raise GateError(f"the model's answer {name} {problem}")


def _problem(entry: Field, values: np.ndarray, batch: int) -> str:
    if values.dtype.kind not in _KINDS[entry.dtype]:
        return f"has the type {values.dtype}, declared is {entry.dtype}"
    if len(values.shape) != 1 + len(entry.shape) or values.shape[0] != batch:
        return f"has the shape {list(values.shape)}, declared is {[batch, *entry.shape]}"
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        return "is not finite"
    return ""
