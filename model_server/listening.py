"""kserve's server on our own terms: the address, the event loop, and what a connection may cost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import grpc  # type: ignore[import-untyped]  # has stubs only in a package of its own
import kserve
import uvloop
from fastapi import FastAPI

from model_server.connection import guarded
from model_server.errors import PortInUse
from model_server.metrics import ServerMetrics
from model_server.predictor import Predicts
from model_server.protocols.grpc_server import CountingServicer, grpc_server
from model_server.protocols.grpc_service import ClosedRepository, GrpcDataPlane, ServedClassifier


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server listens and how long it waits.

    Attributes:
        host: address of both ports; 0.0.0.0 is every IPv4 address.
        http_port: of REST.
        grpc_port: of gRPC.
        grace_s: that requests in flight get at the end.
        receive_timeout_s: within which a request must have arrived whole.
        keep_alive_s: for which a connection without requests is kept.
        max_message_bytes: of a gRPC message.
    """

    host: str
    http_port: int
    grpc_port: int
    grace_s: int
    receive_timeout_s: float
    keep_alive_s: int
    max_message_bytes: int

    def grpc_address(self) -> str:
        """The address as gRPC writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.grpc_port}"


class Server(kserve.ModelServer):  # type: ignore[misc]  # kserve ships no types
    """One process, both protocols; kserve has no setting for the address, nor uvicorn for slow senders."""

    def __init__(self, listening: Listening, predictor: Predicts, *, metrics: ServerMetrics) -> None:
        super().__init__(
            http_port=listening.http_port,
            grpc_port=listening.grpc_port,
            # One process: metrics and spool are whole.
            workers=1,
            # kserve's own gRPC server knows neither an address nor metadata; ours takes its place below.
            enable_grpc=False,
            enable_latency_logging=False,
            timeout_keep_alive=listening.keep_alive_s,
            grace_period=listening.grace_s,
        )
        self._listening = listening
        self._metrics = metrics
        self._predictor = predictor
        self.dataplane = GrpcDataPlane(self.registered_models, predictor=predictor)
        self.model_repository_extension = ClosedRepository(model_registry=self.registered_models)

    def run(self) -> None:
        """Answer until SIGTERM or SIGINT; what is in flight then is finished.

        Raises:
            PortInUse: another process took the gRPC port meanwhile.
        """
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        self.start([ServedClassifier(self._predictor)])

    def setup_event_loop(self) -> None:
        """Nothing: kserve's sets up a loop that asyncio.run() then does not use, and uvloop has none yet."""

    async def _serve(self) -> None:
        config = self._rest_server.config
        # kserve's middleware would time each request for a log that is switched off.
        self._rest_server._add_middlewares = _nothing  # noqa: SLF001  # there is no public way
        config.host = self._listening.host
        config.http = guarded(self._listening.receive_timeout_s)
        config.ws = "none"
        config.server_header = False
        self._grpc_server = _Grpc(
            grpc_server(
                CountingServicer(self.dataplane, self.model_repository_extension, metrics=self._metrics),
                max_message_bytes=self._listening.max_message_bytes,
            ),
            address=self._listening.grpc_address(),
            grace_s=self._listening.grace_s,
        )
        self.servers.append(self._grpc_server.start())
        await super()._serve()


def _nothing(app: FastAPI) -> None:
    del app


class _Grpc:
    """The gRPC server with the two methods that kserve calls."""

    def __init__(self, server: grpc.aio.Server, *, address: str, grace_s: int) -> None:
        self._server = server
        self._address = address
        self._grace_s = grace_s

    async def start(self) -> None:
        try:
            self._server.add_insecure_port(self._address)
        except RuntimeError as error:
            msg = f"{self._address} is in use; stop what listens there or set MM_SERVER_GRPC_PORT to another."
            raise PortInUse(msg) from error
        await self._server.start()
        await self._server.wait_for_termination()

    async def stop(self, sig: int | None = None) -> None:
        del sig
        await self._server.stop(self._grace_s)
