"""gRPC's health service, answered in the event loop: no busy model holds it up."""

from __future__ import annotations

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


class Health:
    """Whether the server can answer. To be used in one event loop."""

    def __init__(self, services: tuple[str, ...]) -> None:
        """Begins as not serving.

        Args:
            services: Names that may be asked for besides the server as a whole.
        """
        self._names = ("", *services)
        self._servicer = health.aio.HealthServicer()

    def add_to(self, server: grpc.aio.Server) -> None:
        """Answers on a server that has not started."""
        health_pb2_grpc.add_HealthServicer_to_server(self._servicer, server)

    async def set(self, is_serving: bool) -> None:
        """Sets what is answered from now on."""
        statuses = health_pb2.HealthCheckResponse
        status = statuses.SERVING if is_serving else statuses.NOT_SERVING
        for name in self._names:
            await self._servicer.set(name, status)
