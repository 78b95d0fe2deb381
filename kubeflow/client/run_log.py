"""What the log of a step says: its report, its last error, how far it is.

KFP's API gives a pod's log at `/apis/v1alpha1/runs/RUN/nodes/POD/log`, and, from 2.17 on, once the
pod is gone, what Argo archived of it; earlier ones look where their manifests do not put it. A
failure comes with status 200 all the same, as JSON with `error_message`. KFP's page gives logs at
`/k8s/pod/logs`, and lets no other path but v1beta1 and v2beta1 through to the API. Neither follows
a log that grows: the query `follow` is never read.

Source: kubeflow/pipelines, backend/src/apiserver/server/run_log_server.go (`ReadRunLogV1`),
backend/src/apiserver/resource/resource_manager.go (`ReadLog`), backend/src/apiserver/archive/log.go
(`GetLogObjectKey`), frontend/server/app.ts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import kfp_server_api
import urllib3

from kubeflow.client.api import Client
from kubeflow.client.run_steps import Step

REPORT = "report: "
_ERROR = "error: "
# What a step says first and last, which is no progress.
_ENDS = ("started", "done in ")
_IN_PLACE_OF_A_LOG = ('{"error_message"', "Could not get main container")
_LONGEST_CHARS = 2000
# klog's lines, by which the launcher tells what it does; and Go's stack traces.
_OF_LAUNCHER = re.compile(r"[IWEF]\d{4} \d\d:|time=|goroutine |\s|\d{4}/\d\d/\d\d ")
_GONE_STATUS = (404, 500)


@dataclass(kw_only=True)
class Log:
    """What is of interest in a step's log.

    Attributes:
        pod: Name of the pod that it is of; empty where there is none.
        report: What the step said of its work when it ended; empty before.
        error: Last line that tells of an error; else the last line of all.
        progress: How far it said to be.
    """

    pod: str = ""
    report: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    progress: str = ""

    @property
    def is_gone(self) -> bool:
        """Whether no log was found."""
        return not self.pod


def read(client: Client, run_id: str, namespace: str, step: Step) -> Log:
    """Reads a step's log.

    Args:
        client: Of the API.
        run_id: The run.
        namespace: Of the run's pods.
        step: Which has been given a pod.

    Returns:
        What it says; a `Log` that is gone where neither pod nor archive has it.

    Raises:
        kfp_server_api.ApiException: If the server refuses.
    """
    for pod in step.pods:
        page = {"podname": pod, "runid": run_id, "podnamespace": namespace}
        # Which day the archive is asked for, where it goes by days.
        page["createdat"] = step.started.date().isoformat() if step.started else ""
        for path in (
            f"/apis/v1alpha1/runs/{quote(run_id)}/nodes/{quote(pod)}/log",
            f"/k8s/pod/logs?{urlencode(page)}",
        ):
            found = _scan(pod, step.name, _lines(client, path))
            if found is not None:
                return found
    return Log()


def _lines(client: Client, path: str) -> Iterator[str] | None:
    """Asks for a log; gives its lines as they come, or `None` where there is nothing."""
    try:
        answer = client.get_raw(path)
    except kfp_server_api.ApiException as error:
        if error.status in _GONE_STATUS:
            return None
        raise
    if "text/html" in answer.headers.get("Content-Type", ""):
        # A page answers what it does not know with itself.
        return None
    return _split(answer)


def _split(answer: urllib3.HTTPResponse) -> Iterator[str]:
    rest = b""
    for part in answer.stream(1 << 16):
        *whole, rest = (rest + part).split(b"\n")
        # What has no end of line is not kept without bound.
        rest = rest[: 64 * _LONGEST_CHARS]
        yield from (line.decode(errors="replace") for line in whole)
    yield rest.decode(errors="replace")


def _scan(pod: str, step: str, lines: Iterable[str] | None) -> Log | None:
    """Picks out what is of interest; gives `None` where it is an error in place of a log."""
    if lines is None:
        return None
    log = Log(pod=pod)
    last = ""
    for number, line in enumerate(lines):
        if line.startswith(_IN_PLACE_OF_A_LOG):
            if not number:
                return None
            # The log broke off; what came before it counts.
            break
        if line.startswith(REPORT):
            log.report = _parse_line(line) or log.report
        elif line.startswith(_ERROR):
            said = line.removeprefix(_ERROR).strip().removeprefix(f"{step} failed: ")
            log.error = said[:_LONGEST_CHARS]
        elif line.startswith(f"{step}: "):
            said = line.removeprefix(f"{step}: ").strip()
            if not said.startswith(_ENDS):
                log.progress = said[:_LONGEST_CHARS]
        elif line.strip() and not _OF_LAUNCHER.match(line):
            last = line.strip()[:_LONGEST_CHARS]
    log.error = log.error or last
    return log


def _parse_line(line: str) -> dict[str, Any] | None:
    """Reads a report; a line that another program wrote is none."""
    try:
        found = json.loads(line.removeprefix(REPORT))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
