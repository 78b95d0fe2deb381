"""Tells how many records a component has read in Beam, while it reads them.

Beam's local runner can ask its workers how far a bundle is, and nothing of TFX asks. What counts as
a record is an element that comes out of a file: StatisticsGen, Transform and Evaluator read
examples, some of them more than once, and each time is a pass.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar

from apache_beam.metrics.monitoring_infos import ELEMENT_COUNT_URN, extract_counter_value
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner import fn_runner, worker_handlers

from modules.common.runtime.progress import Progress, report
from modules.common.runtime.replacing import replace_attribute

_ASK_EVERY_S = 0.5
# Gives the elements of a file: Beam expands every bounded source to it.
_READER = "SDFBoundedSource"
_READS = "/Process"


class _Passes:
    """Counts the records of one pipeline, pass by pass."""

    def __init__(self, stages: Any, records: Mapping[str, int]) -> None:
        """Finds the passes.

        Args:
            stages: Beam's fused stages.
            records: How many records each split has, where that is known.
        """
        self._splits = records
        self._expected: dict[str, int] = {}
        for transform in (each for stage in stages for each in stage.transforms):
            name = transform.unique_name
            if _READER in name and name.endswith(_READS):
                for collection in transform.outputs.values():
                    self._expected[collection] = self._expect(name)
        # By PCollection, of bundles that ended; and by bundle, of those that have not.
        self._done: dict[str, int] = {}
        self._running: dict[str, dict[str, int]] = {}
        self._lock = threading.Lock()

    def _expect(self, name: str) -> int:
        """Says how many records a pass has: of the split that it names, or of the largest."""
        named = [count for split, count in self._splits.items() if f"[{split}]" in name]
        return named[0] if named else max(self._splits.values(), default=0)

    def note(self, bundle: str, infos: Any) -> None:
        """Takes in what a bundle that runs says of itself, and tells whoever watches."""
        with self._lock:
            self._running[bundle] = self._count(infos)
            self._report()

    def end(self, infos: Any) -> None:
        """Takes in what bundles that ended read."""
        with self._lock:
            self._running.clear()
            for collection, count in self._count(infos).items():
                self._done[collection] = self._done.get(collection, 0) + count

    def _count(self, infos: Any) -> dict[str, int]:
        return {
            info.labels["PCOLLECTION"]: extract_counter_value(info)
            for info in infos
            if info.urn == ELEMENT_COUNT_URN and info.labels["PCOLLECTION"] in self._expected
        }

    def _report(self) -> None:
        running = [counts for counts in self._running.values() if counts]
        if not running:
            return
        begun = set(self._done).union(*running)
        read = sum(self._done.values()) + sum(sum(counts.values()) for counts in running)
        # What has ended says how many there were; what has not may be more than was expected.
        ended = {
            name: count for name, count in self._done.items() if name not in set().union(*running)
        }
        total = sum(ended.get(name, expected) for name, expected in self._expected.items())
        passes = len(self._expected)
        phase = f"pass {len(begun)}/{passes}" if passes > 1 else ""
        report(Progress(done=read, total=max(total, read), unit="record", phase=phase))


class _Asker(fn_runner.ProgressRequester):
    """Asks a worker for the progress of a bundle, unless that ends at once."""

    passes: ClassVar[list[_Passes]] = []

    def __init__(self, worker_handler: Any, instruction_id: str, *_: Any) -> None:
        super().__init__(worker_handler, instruction_id, _ASK_EVERY_S)
        self._ended = threading.Event()

    def stop(self) -> None:
        self._ended.set()

    def run(self) -> None:
        while not self._ended.wait(_ASK_EVERY_S):
            asked = beam_fn_api_pb2.ProcessBundleProgressRequest(
                instruction_id=self._instruction_id
            )
            request = beam_fn_api_pb2.InstructionRequest(process_bundle_progress=asked)
            try:
                answer = self._worker_handler.control_conn.push(request).get()
            except Exception:
                # A bundle that has ended meanwhile has nothing to say, and nobody needs it.
                return
            if self.passes and not self._ended.is_set():
                infos = answer.process_bundle_progress.monitoring_infos
                self.passes[-1].note(self._instruction_id, infos)


def _push_and_ask(push: Callable[..., Any]) -> Callable[..., Any]:
    """Asks while a worker in this process works, for which the runner itself waits here."""

    def pushed(self: Any, request: Any) -> Any:
        if request.WhichOneof("request") != "process_bundle":
            return push(self, request)
        with _Asker(self, request.instruction_id):
            return push(self, request)

    return pushed


@contextmanager
def count_records(records: Callable[[], Mapping[str, int]]) -> Iterator[None]:
    """Has the records that Beam's local runner reads inside the `with` block reported.

    Args:
        records: Gives the number of records by split, or nothing before that is known. Called for
            every pipeline that runs.
    """
    run_stages, execute_bundle = (
        fn_runner.FnApiRunner.run_stages,
        fn_runner.FnApiRunner._execute_bundle,
    )

    def run_counted(self: Any, stage_context: Any, stages: Any) -> Any:
        _Asker.passes.append(_Passes(stages, records()))
        try:
            return run_stages(self, stage_context, stages)
        finally:
            _Asker.passes.pop()

    def execute_counted(self: Any, *arguments: Any) -> Any:
        result = execute_bundle(self, *arguments)
        _Asker.passes[-1].end(result.process_bundle.monitoring_infos)
        return result

    embedded = worker_handlers.EmbeddedWorkerHandler
    with ExitStack() as stack:
        for target, name, value in (
            (embedded, "push", _push_and_ask(embedded.push)),
            (fn_runner, "ProgressRequester", _Asker),
            (fn_runner.FnApiRunner, "run_stages", run_counted),
            (fn_runner.FnApiRunner, "_execute_bundle", execute_counted),
        ):
            stack.enter_context(replace_attribute(target, name, value))
        yield
