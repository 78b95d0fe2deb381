"""Fuzzes a server over gRPC and REST: no hang, no crash, no wrong code, no lost memory.

    .venv/bin/python tests/serving/fuzz.py --requests 100000 --seed 1

It starts a server of its own over the tiny model of `tiny_model`; with `--address` and `--rest` it
fuzzes another that serves that model as `tiny`. The same seed draws the same requests. Every answer
must come within ten seconds with a code that is right for what is wrong with the request, right
requests in between must be answered rightly, and health checks too.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import contextlib
import dataclasses
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc

ROOT = Path(__file__).resolve().parents[2]
HELPERS = ROOT / "tests" / "helpers"
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from fuzz_bodies import Bodies  # noqa: E402
from fuzz_cases import NO_MESSAGE, GrpcCase, RestCase  # noqa: E402
from fuzz_messages import Messages  # noqa: E402

LONGEST_S = 10.0
_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"
_VALID_SHARE = 0.1
_BATCH = 500

_SERVE = """
import os, sys
sys.path[:0] = sys.argv[1:3]
import tiny_model
from pathlib import Path
from serving.config import ServerConfig
from serving.server import Server
root = Path(sys.argv[3])
tiny_model.export(root / "tiny" / "1", "v1")
with Server(root, ServerConfig(port=0, rest_port=0)) as server:
    print("ports", server.port, server.rest_port, flush=True)
    sys.stdin.read()
"""


@dataclasses.dataclass
class Report:
    """What became of the requests.

    Attributes:
        answers: How often each kind got each code or status.
        faults: What was wrong, with the number of the request.
        slowest_s: Longest that a request took, in seconds.
        slowest_health_s: Longest that a health check took, in seconds.
        memory: Resident memory of the server in MiB: before, after, at its peak.
    """

    answers: collections.Counter[tuple[str, str]] = dataclasses.field(
        default_factory=collections.Counter
    )
    faults: list[str] = dataclasses.field(default_factory=list)
    slowest_s: float = 0.0
    slowest_health_s: float = 0.0
    memory: dict[str, int] = dataclasses.field(default_factory=dict)


class Fuzzer:
    """Sends drawn requests to a server."""

    def __init__(self, address: str, rest: str, seed: int, report: Report) -> None:
        """Takes addresses (HOST:PORT), a seed, and where to write."""
        self._draw = random.Random(seed)
        self._messages, self._bodies = Messages(self._draw), Bodies(self._draw)
        self._address, self._rest = address, rest.rpartition(":")
        self._report = report
        self._count = 0

    async def run(self, requests: int, at_once: int) -> None:
        """Sends so many requests, some at once."""
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        async with grpc.aio.insecure_channel(self._address, options=options) as channel:
            self._channel = channel
            health = asyncio.create_task(self._check_health())
            cases = self._cases(requests)
            await asyncio.gather(*(self._send_all(cases) for _ in range(at_once)))
            health.cancel()

    def _cases(self, requests: int) -> Iterator[GrpcCase | RestCase]:
        for _ in range(requests):
            source = self._draw.choice((self._messages, self._bodies))
            yield source.valid() if self._draw.random() < _VALID_SHARE else source.case()

    async def _send_all(self, cases: Iterator[GrpcCase | RestCase]) -> None:
        for case in cases:
            self._count += 1
            number, began_s = self._count, time.monotonic()
            try:
                if isinstance(case, GrpcCase):
                    said = await self._send_grpc(case)
                else:
                    said = await asyncio.wait_for(self._send_rest(case), LONGEST_S)
            except (asyncio.TimeoutError, TimeoutError):
                said = "HANG"
                self._fault(number, case, said)
            except AssertionError as error:
                said = "WRONG"
                self._fault(number, case, str(error))
            self._report.slowest_s = max(self._report.slowest_s, time.monotonic() - began_s)
            self._report.answers[(case.kind, said)] += 1

    def _fault(self, number: int, case: GrpcCase | RestCase, said: str) -> None:
        sent = case.body if isinstance(case, GrpcCase) else case.wire
        where = case.method if isinstance(case, GrpcCase) else "REST"
        self._report.faults.append(f"{number} {case.kind} {where}: {said[:300]}: {sent[:300]!r}")

    async def _send_grpc(self, case: GrpcCase) -> str:
        try:
            data = await self._channel.unary_unary(case.method)(case.body, timeout=case.timeout_s)
            said, details = "OK", ""
        except grpc.aio.AioRpcError as error:
            data, said, details = b"", error.code().name, error.details() or ""
        if said == "DEADLINE_EXCEEDED" and said not in case.allowed:
            raise TimeoutError
        assert said in case.allowed, f"{said} {details}"
        assert said != "INTERNAL" or NO_MESSAGE in details, f"{said} {details}"
        assert "Traceback" not in details and "\n" not in details, details
        if said == "OK" and case.check is not None:
            case.check(data)
        return said

    async def _send_rest(self, case: RestCase) -> str:
        reader, writer = await asyncio.open_connection(self._rest[0], int(self._rest[2]))
        try:
            with contextlib.suppress(ConnectionError):
                writer.write(case.wire)
                await writer.drain()
                if case.is_cut:
                    writer.write_eof()
            status, body = await _read_answer(reader, case.is_head)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        assert status in case.allowed, f"{status} {body[:300]!r}"
        assert b"Traceback" not in body, body[:300]
        if status == 200 and case.check is not None:
            case.check(body)
        return str(status)

    async def _check_health(self) -> None:
        while True:
            began_s = time.monotonic()
            try:
                answer = await self._channel.unary_unary(_HEALTH)(b"", timeout=LONGEST_S)
                if answer != _SERVING:
                    self._report.faults.append(f"health is {answer!r}")
            except grpc.aio.AioRpcError as error:
                self._report.faults.append(f"health: {error.code().name} {error.details()}")
            took_s = time.monotonic() - began_s
            self._report.slowest_health_s = max(self._report.slowest_health_s, took_s)
            await asyncio.sleep(0.2)


async def _read_answer(reader: asyncio.StreamReader, is_head: bool) -> tuple[int, bytes]:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        if is_head or status < 200:
            return status, b""
        lines = head.lower().split(b"\r\n")[1:]
        fields = dict(line.split(b":", 1) for line in lines if b":" in line)
        if b"content-length" not in fields:
            return status, await reader.read()
        return status, await reader.readexactly(int(fields[b"content-length"]))
    except (asyncio.IncompleteReadError, ConnectionError):
        return 0, b""


@contextlib.contextmanager
def own_server(root: Path) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Starts a server over the tiny model.

    Args:
        root: An empty folder.

    Yields:
        Its process, its gRPC and its REST address.
    """
    command = [sys.executable, "-c", _SERVE, str(ROOT), str(HELPERS), str(root)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        line = next((line for line in process.stdout if line.startswith("ports")), "")
        assert line, "the server did not start"
        _, port, rest_port = line.split()
        yield process, f"127.0.0.1:{port}", f"127.0.0.1:{rest_port}"
    finally:
        process.terminate()
        process.wait(30)


def memory_mb(pid: int) -> dict[str, int]:
    """Resident memory of a process in MiB, now and at its peak."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Vm")}
    return {"now": int(fields["VmRSS"]) // 1024, "peak": int(fields["VmHWM"]) // 1024}


def fuzz(
    address: str, rest: str, requests: int, seed: int, pid: int | None, at_once: int = 16
) -> Report:
    """Fuzzes a server.

    Args:
        address: HOST:PORT of gRPC.
        rest: HOST:PORT of REST.
        requests: How many to send.
        seed: What they are drawn from.
        pid: The server's process, to look at its memory; None if it is elsewhere.
        at_once: How many are under way at a time.

    Returns:
        What became of them.
    """
    report = Report()
    fuzzer = Fuzzer(address, rest, seed, report)
    # What the first requests bring with them is no leak.
    first = min(requests // 2, _BATCH)
    asyncio.run(fuzzer.run(first, at_once))
    if pid is not None:
        report.memory["before"] = memory_mb(pid)["now"]
    asyncio.run(fuzzer.run(requests - first, at_once))
    if pid is not None:
        seen = memory_mb(pid)
        report.memory |= {"after": seen["now"], "peak": seen["peak"]}
    return report


def main() -> int:
    """Fuzzes as the command line says."""
    import tempfile

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--address", help="HOST:PORT of gRPC; without it, a server of its own")
    parser.add_argument("--rest", help="HOST:PORT of REST")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        address, rest, pid = given.address, given.rest, None
        if address is None:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            process, address, rest = stack.enter_context(own_server(root))
            pid = process.pid
        began_s = time.monotonic()
        report = fuzz(address, rest, given.requests, given.seed, pid)
        took_s = time.monotonic() - began_s
    for (kind, said), count in sorted(report.answers.items()):
        print(f"{count:8} {kind}: {said}")
    print(*report.faults[:50], sep="\n")
    total = sum(report.answers.values())
    print(
        f"{total} requests in {took_s:.0f} s ({total / took_s:.0f}/s), "
        f"{len(report.faults)} faults; slowest {report.slowest_s:.2f} s, "
        f"health {report.slowest_health_s:.2f} s; "
        f"memory {report.memory} MiB"
    )
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
