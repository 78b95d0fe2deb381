"""What TFX calls to train a task and to search for it, made of the task's parts.

TFX's Trainer and Tuner find functions by path, `modules.<task>.trainer.run_fn`, and may load that
module more than once: it binds two names and does nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modules.common.declaring.task import Task
from modules.common.export.saved_model import Servable
from modules.common.training import loop

# TFX's FnArgs, whose module is slow to import, to nothing, or to TFX's TunerFnResult.
EntryPoint = Callable[[Any], Any]


def entry_points(
    task: Task,
    build_model: loop.BuildModel,
    servable_class: type[Servable],
    *,
    augment: loop.Augment | None = None,
    report: loop.Report | None = None,
) -> tuple[EntryPoint, EntryPoint]:
    """Makes `run_fn` and `tuner_fn` of a task; the search trains as the training after it does.

    Args:
        task: The declaration.
        build_model: Makes the compiled model.
        servable_class: What is exported around the model.
        augment: Changes batches that are trained on.
        report: Draws what the model does with held-out examples; see `loop.run`.

    Returns:
        What TFX's Trainer calls, and what its Tuner calls. A task that declares nothing to search
        binds the first alone.
    """

    def run_fn(fn_args: Any) -> None:
        """Trains and exports; TFX's Trainer calls this."""
        loop.run(fn_args, task, build_model, servable_class, augment, report)

    def tuner_fn(fn_args: Any) -> Any:
        """Searches; TFX's Tuner calls this."""
        # Trainer does without what a search imports.
        from modules.common.training import tuning

        return tuning.tune(fn_args, task, build_model, augment)

    return run_fn, tuner_fn
