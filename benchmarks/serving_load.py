"""Requests a second and latency of `lianxi serve`, against direct calls of the same model.

    python benchmarks/serving_load.py lianxi_runs/models

Direct calls and the server have the machine to themselves in turn, in one run of this script.
Clients are coroutines of one process, each with one request open at a time, and a connection for
every eight of them. Rows are the examples of a request, so a request of 32 rows does the work of
32 requests of one. With `--address` a server that is running is asked, and started by nobody.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import grpc
import numpy as np

CLIENTS = (1, 8, 32, 64)
ROWS = (1, 32)
_CLIENTS_OF_A_CONNECTION = 8
_DIRECT = """
import json, sys, time
import numpy as np, tensorflow as tf
path, rows, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
call = tf.saved_model.load(path).signatures["serving_default"]
names = np.array(["王婷婷".encode()] * rows, object)
times = []
end = time.perf_counter() + seconds + 1
while time.perf_counter() < end:
    start = time.perf_counter()
    {name: value.numpy() for name, value in call(name=tf.constant(names)).items()}
    times.append(time.perf_counter() - start)
print(json.dumps(times[len(times) // 4:]))
"""


def summarize(times_s: list[float], elapsed_s: float) -> dict[str, float]:
    """Requests a second, and percentiles of latency in milliseconds."""
    p50, p99 = np.percentile(times_s, [50, 99]) * 1000
    return {"rps": len(times_s) / elapsed_s, "p50_ms": p50, "p99_ms": p99}


def measure_direct(model: Path, rows: int, seconds: float) -> dict[str, float]:
    """Calls the newest version in a process that does nothing else."""
    version = max(model.iterdir(), key=lambda path: int(path.name))
    command = [sys.executable, "-c", _DIRECT, str(version), str(rows), str(seconds)]
    times_s = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return summarize(times_s, sum(times_s))


def request_bytes(model: str, rows: int) -> bytes:
    """A PredictRequest, serialized once for all."""
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.inputs["name"].CopyFrom(tf.make_tensor_proto(["王婷婷"] * rows))
    return request.SerializeToString()


async def measure_served(
    address: str, payload: bytes, clients: int, seconds: float
) -> dict[str, float]:
    """Lets so many clients ask, each its next question when the last is answered."""
    channels = [
        grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        for _ in range(-(-clients // _CLIENTS_OF_A_CONNECTION))
    ]
    times_s: list[float] = []
    warm_s = time.perf_counter() + seconds / 4
    end_s = warm_s + seconds

    async def ask(index: int) -> None:
        channel = channels[index % len(channels)]
        call = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
        while (start_s := time.perf_counter()) < end_s:
            await call(payload, timeout=60)
            if start_s >= warm_s:
                times_s.append(time.perf_counter() - start_s)

    await asyncio.gather(*(ask(index) for index in range(clients)))
    for channel in channels:
        await channel.close()
    return summarize(times_s, seconds)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(root: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Starts the embedded server over a root, and waits for it."""
    port = free_port()
    code = (
        "import sys\nfrom serving.config import ServerConfig\nfrom serving.server import Server\n"
        f"server = Server({str(root)!r}, ServerConfig(port={port}))\n"
        "server.start()\nserver.wait()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    return process, f"127.0.0.1:{port}"


async def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, help="folder of pushed models, with name_gender")
    parser.add_argument("--model", default="name_gender")
    parser.add_argument("--seconds", type=float, default=6, help="of each measurement")
    parser.add_argument("--address", help="a running server, instead of one of its own")
    arguments = parser.parse_args()
    model = arguments.models / arguments.model
    direct = {rows: measure_direct(model, rows, arguments.seconds) for rows in ROWS}
    for rows, found in direct.items():
        print(f"direct            rows {rows:3} {format_line(found, rows)}", flush=True)
    process, address = None, arguments.address
    if address is None:
        process, address = start_server(arguments.models)
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            await asyncio.wait_for(channel.channel_ready(), 300)
        for rows in ROWS:
            payload = request_bytes(arguments.model, rows)
            for clients in CLIENTS:
                found = await measure_served(address, payload, clients, arguments.seconds)
                print(
                    f"served clients {clients:2} rows {rows:3} {format_line(found, rows)}",
                    flush=True,
                )
    finally:
        if process is not None:
            process.terminate()
            process.wait()


def format_line(found: dict[str, float], rows: int) -> str:
    """Writes one measurement."""
    return (
        f"{found['rps']:7.0f} requests/s {found['rps'] * rows:8.0f} rows/s "
        f"p50 {found['p50_ms']:7.2f} ms  p99 {found['p99_ms']:7.2f} ms"
    )


if __name__ == "__main__":
    asyncio.run(main())
