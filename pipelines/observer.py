"""Watches TFX run a pipeline, component by component, from outside of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.portable import data_types
from tfx.orchestration.portable.mlmd import execution_lib

from pipelines.careful_launcher import CarefulLauncher, launch_by
from pipelines.outcome import Outcome

_STATES = {
    metadata_store_pb2.Execution.CACHED: "cached",
    metadata_store_pb2.Execution.COMPLETE: "done",
}


def _cpu_seconds() -> float:
    """Processor time of this process, and of those it has waited for, so far."""
    return sum(os.times()[:4])


@contextmanager
def observe(on_start: Callable[[str], None], on_end: Callable[[Outcome], None]) -> Iterator[None]:
    """Has both functions called for every node that TFX launches inside the `with` block.

    Args:
        on_start: Gets the node's id.
        on_end: Gets the outcome, also of a node that fails.
    """

    class ObservedLauncher(CarefulLauncher):
        def launch(self) -> data_types.ExecutionInfo | None:
            if self._system_node_handler:
                # Resolvers only look things up; they are no work of the run's.
                return super().launch()
            name = self._pipeline_node.node_info.id
            run_id = self._pipeline_runtime_spec.pipeline_run_id.field_value.string_value
            on_start(name)
            start, cpu_start = time.perf_counter(), _cpu_seconds()

            def end(state: str, outputs: dict[str, list[Any]], error: Exception | None) -> None:
                seconds, cpu_seconds = time.perf_counter() - start, _cpu_seconds() - cpu_start
                on_end(
                    Outcome(
                        name=name,
                        state=state,
                        seconds=seconds,
                        cpu_seconds=cpu_seconds,
                        outputs=outputs,
                        error=error,
                        run_id=run_id,
                    )
                )

            try:
                info = super().launch()
            except Exception as error:
                end("failed", {}, error)
                raise
            end(*self._read_published(info), None)
            return info

        def _read_published(
            self, info: data_types.ExecutionInfo | None
        ) -> tuple[str, dict[str, list[Any]]]:
            """Reads state and outputs from the metadata: `info` lacks what executors set."""
            if info is None or info.execution_id is None:
                return "done", {}
            with self._mlmd_connection as connection:
                [execution] = connection.store.get_executions_by_id([info.execution_id])
                outputs = execution_lib.get_output_artifacts(connection, info.execution_id)
            return _STATES.get(execution.last_known_state, "done"), dict(outputs)

    with launch_by(ObservedLauncher):
        yield
