"""What TFX's look-ups in ML Metadata cost, as the store of one pipeline fills with past runs.

    python benchmarks/metadata_lookups.py [--runs 1000] [--root DIR]

ML Metadata dropped `filter_query` in 1.21, and TFX filters in Python instead; run by the Python of
each stack, this shows what that costs. The store is SQLite, and its runs are of name_gender with
`--tune --warm-start`, the longest of the DAGs, at smoke size. TFX's own launcher writes them, cache
and all, and only the executors are stand-ins, which leave empty folders. Every run starts from the
model that the run before it got blessed, so that Trainer and what follows are new each time, and
the rest is cached. While the store is being filled, the look-ups that slow down are answered from
memory; the runs that are timed ask TFX, and hold its answers against those.

Shown are milliseconds in one more run, all of its nodes together unless a row names one, with 10,
100 and `--runs` runs in the store: the median of five runs each.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from modules.common.runtime.stack import prepare_environment

# Before anything imports TensorFlow.
prepare_environment()

import ml_metadata
import tfx
from absl import logging
from tfx.dsl.compiler.compiler import Compiler
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.portable import (
    cache_utils,
    data_types,
    execution_publish_utils,
    inputs_utils,
    launcher,
    outputs_utils,
)
from tfx.orchestration.portable.mlmd import context_lib, execution_lib
from tfx.proto.orchestration import execution_result_pb2, pipeline_pb2
from tfx.types import Artifact

from modules.common.declaring.registry import load_task
from modules.common.runtime.replacing import replace_attribute
from pipelines.builder import Options, create_pipeline
from pipelines.data import locate
from pipelines.environment import environment
from pipelines.observer import observe
from pipelines.outcome import Outcome

_TASK = "name_gender"
_SIZES = (10, 100)
_TIMED_RUNS = 5
_EVERY = 50
_INPUTS = "input artifacts"
_WHOLE = "whole run"
_NAMED = ("Evaluator", "latest_blessed_model", "previous_blessed_model")
_WRITES = "writes"
# What TFX's launcher does around a component, and where; the last four only write.
_CALLS: tuple[tuple[str, Any, str], ...] = (
    ("opening the store", metadata.Metadata, "__enter__"),
    ("contexts", context_lib, "prepare_contexts"),
    (_INPUTS, inputs_utils, "resolve_input_artifacts"),
    ("this execution, if begun", execution_lib, "get_executions_associated_with_all_contexts"),
    ("key of the cache", cache_utils, "get_cache_context"),
    ("cached outputs", cache_utils, "get_cached_outputs"),
    (_WRITES, execution_publish_utils, "register_execution"),
    (_WRITES, execution_publish_utils, "publish_cached_executions"),
    (_WRITES, execution_publish_utils, "publish_internal_execution"),
    (_WRITES, execution_publish_utils, "publish_succeeded_execution"),
)

Artifacts = dict[str, list[Artifact]]


class StandIn(launcher.Launcher):
    """Launches a node as TFX does, with a stand-in for its executor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Takes what TFX's launcher takes."""
        super().__init__(*args, **kwargs)
        # Else it is served over gRPC for each node, which has no part in any look-up.
        self._executor_operator = None

    def _run_executor(self, info: data_types.ExecutionInfo) -> execution_result_pb2.ExecutorOutput:
        """Leaves empty folders, and the properties by which models are found."""
        outputs_utils.make_output_dirs(info.output_dict)
        name = info.pipeline_node.node_info.id
        if name == "Evaluator":
            [model], [blessing] = info.input_dict["model"], info.output_dict["blessing"]
            blessing.set_int_custom_property("blessed", 1)
            blessing.set_string_custom_property("current_model", model.uri)
            blessing.set_int_custom_property("current_model_id", model.id)
        elif name == "ServingValidator":
            [blessing] = info.output_dict["blessing"]
            blessing.set_int_custom_property("blessed", 1)
            blessing.set_float_custom_property("latency_ms", 1.0)
        elif name == "Pusher":
            [pushed] = info.output_dict["pushed_model"]
            pushed.set_int_custom_property("pushed", 1)
            pushed.set_string_custom_property("pushed_destination", pushed.uri)
            pushed.set_string_custom_property("pushed_version", str(time.time_ns()))
        return execution_result_pb2.ExecutorOutput()


class Memory:
    """Knows the inputs of a run's nodes from the outputs of the nodes before them."""

    def __init__(self) -> None:
        """Begins without any run."""
        self._outputs: dict[str, Artifacts] = {}
        self._blessed: Artifacts = {"model": [], "model_blessing": []}

    def on_end(self, outcome: Outcome) -> None:
        """Takes in what a component put out."""
        self._outputs[outcome.name] = outcome.outputs
        if outcome.name == "Evaluator":
            self._blessed = {
                "model": self._outputs["Trainer"]["model"],
                "model_blessing": outcome.outputs["blessing"],
            }

    def inputs(self, node: pipeline_pb2.PipelineNode) -> Artifacts:
        """Gives a node's inputs, by key."""
        found: Artifacts = {}
        for key, spec in node.inputs.inputs.items():
            if spec.hidden:
                continue
            if spec.channels:
                [channel] = spec.channels
                found[key] = self._outputs[channel.producer_node_query.id][channel.output_key]
            elif key == "candidate":
                found[key] = self._outputs["Trainer"]["model"]
            else:
                found[key] = self._blessed[key]
        if node.node_info.type.name.endswith("Resolver"):
            self._outputs[node.node_info.id] = found
        return found

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Has the look-ups that slow down answered from here."""

        def resolve(*, pipeline_node: pipeline_pb2.PipelineNode, **_: Any) -> inputs_utils.Trigger:
            return inputs_utils.Trigger([self.inputs(pipeline_node)])

        earlier = "get_executions_associated_with_all_contexts"
        with replace_attribute(inputs_utils, "resolve_input_artifacts", resolve):
            with replace_attribute(execution_lib, earlier, lambda *_, **__: []):
                yield

    @contextmanager
    def checking(self) -> Iterator[None]:
        """Holds TFX's answers against these."""
        ask = inputs_utils.resolve_input_artifacts

        def protos(artifacts: list[Artifact]) -> list[Any]:
            return [artifact.mlmd_artifact for artifact in artifacts]

        def resolve(*, pipeline_node: pipeline_pb2.PipelineNode, **rest: Any) -> Any:
            [found] = answer = ask(pipeline_node=pipeline_node, **rest)
            for key, known in self.inputs(pipeline_node).items():
                if protos(found[key]) != protos(known):
                    name = pipeline_node.node_info.id
                    raise SystemExit(f"{name}: expected {key} to be {known}, found {found[key]}")
            return answer

        with replace_attribute(inputs_utils, "resolve_input_artifacts", resolve):
            yield


class Clock:
    """Sums the milliseconds of TFX's calls, by what they are for."""

    def __init__(self) -> None:
        """Begins at zero."""
        self.ms: Counter[str] = Counter()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Times the calls."""
        with ExitStack() as patches:
            for row, owner, name in _CALLS:
                timed = self._time_one(row, getattr(owner, name))
                patches.enter_context(replace_attribute(owner, name, timed))
            yield

    def _time_one(self, row: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def time_lookups(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                ms = (time.perf_counter() - start) * 1000
                self.ms[row] += ms
                if row == _INPUTS and (node := kwargs["pipeline_node"].node_info.id) in _NAMED:
                    self.ms[f"  of {node}"] += ms

        return time_lookups


def compile_pipeline(root: str) -> pipeline_pb2.Pipeline:
    """Compiles the DAG.

    Args:
        root: Folder for all that it keeps.
    """
    task, env = load_task(_TASK), environment("smoke", root)
    if Path(env.metadata_path(_TASK)).exists():
        raise SystemExit(f"{root} holds a store already; name another folder")
    settings = task.resolve({}, smoke=True)
    data = locate(task, None, env, settings)
    options = Options(tune=True, warm_start=True)
    return Compiler().compile(create_pipeline(task, env, data, settings, options))


def run(dag: pipeline_pb2.Pipeline, memory: Memory) -> None:
    """Runs the DAG once as `lianxi run` does, with stand-ins for the executors."""
    ir = pipeline_pb2.Pipeline()
    ir.CopyFrom(dag)
    with replace_attribute(launcher, "Launcher", StandIn):
        with observe(lambda name: None, memory.on_end):
            LocalDagRunner().run_with_ir(ir)


def time_run(dag: pipeline_pb2.Pipeline, memory: Memory) -> Counter[str]:
    """Runs the DAG once with all of TFX's look-ups, and gives the milliseconds of each."""
    clock = Clock()
    with clock.watching(), memory.checking():
        start = time.perf_counter()
        run(dag, memory)
        clock.ms[_WHOLE] = (time.perf_counter() - start) * 1000
    return clock.ms


def measure(root: str, runs: int) -> dict[int, dict[str, float]]:
    """Fills a store and times runs on the way.

    Args:
        root: Folder for all that runs keep.
        runs: How many runs to fill it with.

    Returns:
        Milliseconds by row, by how many runs the store held.
    """
    dag, memory = compile_pipeline(root), Memory()
    sizes = sorted({size for size in (*_SIZES, runs) if size <= runs})
    found: dict[int, dict[str, float]] = {}
    held, start = 0, time.perf_counter()
    for size in sizes:
        with memory.answering():
            while held < size:
                run(dag, memory)
                held += 1
                if held % _EVERY == 0:
                    print(f"  {held} runs in {time.perf_counter() - start:.0f} s", flush=True)
        timed = [time_run(dag, memory) for _ in range(_TIMED_RUNS)]
        held += _TIMED_RUNS
        found[size] = {row: statistics.median(each[row] for each in timed) for row in timed[0]}
        print(f"  a run on a store of {size}: {found[size][_WHOLE] / 1000:.2f} s", flush=True)
    return found


def show(found: dict[int, dict[str, float]]) -> None:
    """Prints the table."""
    sizes = list(found)
    rows = [*dict.fromkeys(row for row, _, _ in _CALLS), _WHOLE]
    at = rows.index(_INPUTS) + 1
    rows[at:at] = [f"  of {name}" for name in _NAMED]
    print(f"\n{'milliseconds':36}" + "".join(f"{size:>10,}" for size in sizes) + "  runs")
    for row in rows:
        print(f"{row:36}" + "".join(f"{found[size][row]:10,.1f}" for size in sizes))


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000, help="how many runs fill the store")
    parser.add_argument("--root", help="a new folder for the store, which is kept")
    given = parser.parse_args()
    if given.runs < 1:
        parser.error(f"expected --runs to be 1 or more, found {given.runs}")
    # TFX warns of every look-up that it has to do in Python.
    logging.set_verbosity(logging.ERROR)
    print(f"TFX {tfx.__version__}, ML Metadata {ml_metadata.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        show(measure(given.root or folder, given.runs))


if __name__ == "__main__":
    main()
