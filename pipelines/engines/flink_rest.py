"""Cancels a job where Flink itself runs it.

Beam's job server for Flink takes the order to cancel, says that it is done, and the job goes on.

Source: Flink's REST API, `/jobs/overview` and `PATCH /jobs/:jobid?mode=cancel`.
"""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any

_ANSWERS_WITHIN_S = 2.0
# A job that was just handed in is on its way to Flink for some seconds, with the job server's jar.
_APPEARS_WITHIN_S = 8.0
_LOOK_EVERY_S = 0.3
_OVER = ("FINISHED", "CANCELED", "FAILED")


def cancel(address: str, job: str) -> str:
    """Cancels a job, and waits a little for one that is not there yet.

    Args:
        address: `HOST:PORT` of the JobManager's REST service, or empty where it is not known.
        job: What Beam calls the job.

    Returns:
        What a person has to do where it may go on; empty where it was cancelled.
    """
    # The job server adds an id of its own to the name that Flink gets.
    name = job.rpartition("_")[0] or job
    if not address:
        return (
            f"Beam's job server does not end the job {name} on Flink: cancel it on the page of the "
            "JobManager. --flink-master HOST:PORT beside --job-server has it cancelled."
        )
    end_s = time.monotonic() + _APPEARS_WITHIN_S
    found = "it is not there"
    while time.monotonic() < end_s:
        try:
            all_jobs = _call(address, "/jobs/overview")["jobs"]
            jobs = [each for each in all_jobs if each["name"] == name]
            living = [each["jid"] for each in jobs if each["state"] not in _OVER]
            if len(living) == 1:
                _call(address, f"/jobs/{living[0]}?mode=cancel", "PATCH")
                return ""
            if living:
                found = f"{len(living)} jobs have that name"
                break
            if jobs:
                return ""
        except (OSError, ValueError, KeyError) as error:
            found = str(error)
        time.sleep(_LOOK_EVERY_S)
    return (
        f"The job {name} could not be cancelled on Flink at {address}: {found}. If it is on the "
        "JobManager's page, cancel it there."
    )


def _call(address: str, path: str, method: str = "GET") -> Any:
    request = urllib.request.Request(f"http://{address}{path}", method=method)
    with urllib.request.urlopen(request, timeout=_ANSWERS_WITHIN_S) as answer:
        return json.load(answer)
