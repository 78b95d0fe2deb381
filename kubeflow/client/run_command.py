"""`lianxi tfx run status` on KFP: shown once, as JSON, or until the run has ended."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import click

from kubeflow.client.run_console import StatusConsole
from kubeflow.client.run_log import Log
from kubeflow.client.run_status import RunStatus
from modules.common.runtime.errors import GateError, LianxiError

FOLLOW_EVERY_S = 10.0
_ENDED = ("succeeded", "cached", "failed", "skipped")

Fetch = Callable[[dict[str, Log]], RunStatus]


def show_status(fetch: Fetch, link: str, *, as_json: bool, follow: bool) -> None:
    """Prints what came of a run.

    Args:
        fetch: Asks for it, given the logs that need not be read again.
        link: Address of the run's page.
        as_json: Whether one line of JSON comes last.
        follow: Whether to go on, with a line for each step that ends, until the run has ended.

    Raises:
        LianxiError: If a run that was followed did not end well.
        GateError: If it did, and a gate did not let its model through.
    """
    # What is said besides must not be taken for the line of JSON.
    console = StatusConsole(sys.stderr if as_json else sys.stdout)
    status = fetch({})
    if follow:
        status = _follow(fetch, status, console, link)
        console.show_result(status, link)
    elif not as_json:
        console.show(status, link)
    if as_json:
        click.echo(json.dumps({**status.to_json(), "link": link}, ensure_ascii=False))
    if follow and status.state != "SUCCEEDED":
        raise LianxiError(f"run {status.run_id} of {status.task} ended as {status.state.lower()}")
    if follow and status.refused and not status.pushed:
        raise GateError(
            f"{', '.join(status.refused)} did not let the model of {status.task} through"
        )


def _follow(fetch: Fetch, status: RunStatus, console: StatusConsole, link: str) -> RunStatus:
    """Prints each step as it ends; logs are read then, before their pods are removed."""
    console.show_head(status, link)
    told: set[tuple[str, ...]] = set()
    logs: dict[str, Log] = {}
    while True:
        for step in status.steps:
            if step.state in _ENDED and (step.name,) not in told:
                told.add((step.name,))
                console.show_step(status, step)
                if step.name in status.logs:
                    logs[step.name] = status.logs[step.name]
        if status.is_over:
            return status
        for step in status.steps:
            # How far a step is comes with each look; that it is, only once.
            far = step.name, step.state, status.logs.get(step.name, Log()).progress or step.message
            if step.state not in _ENDED and any(far[2:]) and far not in told:
                told.add(far)
                console.show_step(status, step)
        time.sleep(FOLLOW_EVERY_S)
        status = fetch(logs)
