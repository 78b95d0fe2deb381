"""A job is cancelled where Flink runs it; a small HTTP server stands in for the JobManager."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from pipelines.engines import flink_rest


class _JobManager(BaseHTTPRequestHandler):
    """Answers as Flink's does; no job is there before it was looked for a few times."""

    jobs: list[dict[str, str]]
    looks_until_there: int
    ordered: list[str]

    def do_GET(self) -> None:
        cls = type(self)
        cls.looks_until_there -= 1
        is_there = cls.looks_until_there < 0
        self._answer(200, {"jobs": cls.jobs if is_there else []})

    def do_PATCH(self) -> None:
        type(self).ordered.append(self.path)
        self._answer(202, {})

    def _answer(self, code: int, said: object) -> None:
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[type[_JobManager], str]]:
    """A JobManager with jobs of several runs, and its address."""
    monkeypatch.setattr(flink_rest, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(flink_rest, "_APPEARS_WITHIN_S", 5.0)

    class Handler(_JobManager):
        jobs = [
            {"jid": "a1", "name": "BeamApp-me-1", "state": "FINISHED"},
            {"jid": "a2", "name": "BeamApp-me-2", "state": "RUNNING"},
            {"jid": "a3", "name": "BeamApp-me-3", "state": "RUNNING"},
            {"jid": "a4", "name": "twice", "state": "RUNNING"},
            {"jid": "a5", "name": "twice", "state": "CREATED"},
        ]
        looks_until_there = 0
        ordered: list[str] = []

    server = HTTPServer(("localhost", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Handler, f"localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_job_of_the_name_is_cancelled_and_no_other(
    manager: tuple[type[_JobManager], str],
) -> None:
    handler, address = manager
    assert not flink_rest.cancel(address, "BeamApp-me-2_5f1e-77")
    assert handler.ordered == ["/jobs/a2?mode=cancel"]


def test_a_job_that_has_ended_is_left_alone(manager: tuple[type[_JobManager], str]) -> None:
    handler, address = manager
    assert not flink_rest.cancel(address, "BeamApp-me-1_5f1e-77")
    assert handler.ordered == []


def test_a_job_on_its_way_to_flink_is_waited_for(manager: tuple[type[_JobManager], str]) -> None:
    handler, address = manager
    handler.looks_until_there = 3
    assert not flink_rest.cancel(address, "BeamApp-me-3_5f1e-77")
    assert handler.ordered == ["/jobs/a3?mode=cancel"]


def test_what_cannot_be_cancelled_is_said_with_what_to_do(
    manager: tuple[type[_JobManager], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, address = manager
    said = flink_rest.cancel(address, "twice_5f1e-77")
    assert "2 jobs have that name" in said and "JobManager's page" in said
    monkeypatch.setattr(flink_rest, "_APPEARS_WITHIN_S", 0.1)
    assert "it is not there" in flink_rest.cancel(address, "BeamApp-me-9_5f1e-77")
    assert "Connection refused" in flink_rest.cancel("localhost:1", "BeamApp-me-2_5f1e-77")
    assert "--flink-master HOST:PORT beside --job-server" in flink_rest.cancel("", "BeamApp-me-2_5")
    assert handler.ordered == []
