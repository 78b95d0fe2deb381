"""Asks a server whether it serves: exit code 0 if it does, 1 if not.

python -m kubeflow.step.healthcheck [HOST:PORT]
"""

from __future__ import annotations

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

DEFAULT_ADDRESS = "localhost:8500"
TIMEOUT_S = 5.0


def is_serving(address: str) -> bool:
    """Asks over gRPC's health protocol.

    Args:
        address: Host and port.
    """
    with grpc.insecure_channel(address) as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=TIMEOUT_S
            )
        except grpc.RpcError as error:
            print(f"{address} does not answer: {error.code().name}", file=sys.stderr)
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    sys.exit(not is_serving(*(sys.argv[1:] or [DEFAULT_ADDRESS])))
