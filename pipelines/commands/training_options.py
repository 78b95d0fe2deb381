"""Options by which a command says over what training is spread."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import click

from modules.common.training import distribution
from modules.common.training.distribution import Distribution

_OPTIONS = (
    click.option(
        "--strategy",
        type=click.Choice(distribution.STRATEGIES),
        help="Train on all GPUs of this machine, mirrored, or in several processes, multi_worker: "
        "those of TF_CONFIG, or as many as --workers says. The model is that of one process. "
        f"Default: the variable {distribution.STRATEGY_VARIABLE}, or none.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(1, distribution.MOST_WORKERS),
        metavar="N",
        help="Processes on this machine; means --strategy multi_worker. "
        f"Default: {distribution.WORKERS_VARIABLE}, or {distribution.DEFAULT_WORKERS}.",
    ),
)


def training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--strategy` and `--workers` to a command, whose Trainer then finds them.

    Args:
        command: A function that runs a pipeline.
    """

    @functools.wraps(command)
    def called(*, strategy: str | None, workers: int | None, **others: Any) -> Any:
        chosen = distribution.read()
        means = distribution.MULTI_WORKER if workers else chosen.strategy
        if workers and strategy not in (None, distribution.MULTI_WORKER):
            raise click.UsageError(
                f"--workers goes with --strategy multi_worker, found --strategy {strategy}"
            )
        chosen = Distribution(strategy=strategy or means, workers=workers or chosen.workers)
        distribution.check_run(chosen, workers)
        os.environ.update(chosen.variables())
        return command(**others)

    for option in reversed(_OPTIONS):
        called = option(called)
    return called
