"""When the forward thread is dead every path says so, over REST and real gRPC; kserve's own would not."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence

import grpc
import httpx
import pytest
from fastapi import FastAPI
from kserve import ModelRepository
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub

from model_server.admission import TextLimits
from model_server.metrics import ServerMetrics
from model_server.predictor import Answer, ServedModel
from model_server.protocols.grpc_server import CountingServicer, grpc_server
from model_server.protocols.grpc_service import ClosedRepository, GrpcDataPlane, ServedClassifier
from model_server.protocols.routes import add_routes
from model_server.score import Score

pytestmark = pytest.mark.timeout(300)


class Fake:
    """A predictor that is ready or not as told, and waits for `gate` before it answers."""

    model = ServedModel("sentiment", "7", ("NEGATIVE", "POSITIVE"))

    def __init__(self, *, ready: bool) -> None:
        self.ready = ready
        self.gate = asyncio.Event()
        self.gate.set()
        self.cancelled = asyncio.Event()

    async def predict(
        self, texts: Sequence[object], *, source: str, segment: Mapping[str, str]
    ) -> list[Answer]:
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return [Answer(uuid.UUID(int=i), "POSITIVE", 0.75, (0.25, 0.75)) for i, _ in enumerate(texts)]

    async def score(self, texts: Sequence[object]) -> list[Score]:
        raise NotImplementedError


Use = Callable[[GRPCInferenceServiceStub, ServerMetrics], Awaitable[object]]


def over_grpc(predictor: Fake, use: Use) -> ServerMetrics:
    async def running() -> ServerMetrics:
        metrics, registry = ServerMetrics(), ModelRepository()
        registry.update(ServedClassifier(predictor))
        servicer = CountingServicer(
            GrpcDataPlane(registry, predictor=predictor), ClosedRepository(registry), metrics=metrics
        )
        server = grpc_server(servicer, max_message_bytes=1 << 20)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                await use(GRPCInferenceServiceStub(channel), metrics)
        finally:
            await server.stop(0)
        return metrics

    return asyncio.run(running())


def request(*texts: bytes, outputs: Sequence[str] = ()) -> pb.ModelInferRequest:
    message = pb.ModelInferRequest(model_name="sentiment")
    tensor = message.inputs.add(name="text", datatype="BYTES", shape=[len(texts)])
    tensor.contents.bytes_contents.extend(texts)
    for name in outputs:
        message.outputs.add(name=name)
    return message


def requests_of(metrics: ServerMetrics) -> dict[str, float]:
    lines = metrics.page(None)[0].decode().splitlines()
    counts = dict(
        line.rsplit(" ", 1) for line in lines if line.startswith("api_requests_total{") and "GRPC" in line
    )
    return {name.partition('status="')[2][:3]: float(count) for name, count in counts.items() if float(count)}


def test_grpc_says_not_ready_with_a_status_and_true_health() -> None:
    async def ask(stub: GRPCInferenceServiceStub, _: ServerMetrics) -> None:
        with pytest.raises(grpc.RpcError) as refusal:
            await stub.ModelInfer(request(b"good"), timeout=30)
        assert (refusal.value.code(), refusal.value.details()) == (
            grpc.StatusCode.UNAVAILABLE,
            "the model sentiment is not ready.",
        )
        assert not (await stub.ServerLive(pb.ServerLiveRequest())).live
        assert not (await stub.ServerReady(pb.ServerReadyRequest())).ready
        assert not (await stub.ModelReady(pb.ModelReadyRequest(name="sentiment"))).ready

    assert requests_of(over_grpc(Fake(ready=False), ask)) == {"503": 1}


def test_rest_says_not_ready_on_every_health_path() -> None:
    app = FastAPI()
    add_routes(
        app,
        Fake(ready=False),
        metrics=ServerMetrics(),
        max_body_bytes=1000,
        texts=TextLimits(chars=10, texts=2),
        score_token="",
    )
    paths = (
        "/",
        "/v2/health/live",
        "/v2/health/ready",
        "/v2/models/sentiment/ready",
        "/v2/models/sentiment/versions/7/ready",
        "/v1/models/sentiment",
    )

    async def ask() -> dict[str, int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            assert "model_loaded 0.0" in (await client.get("/metrics")).text
            return {path: (await client.get(path)).status_code for path in paths}

    assert asyncio.run(ask()) == dict.fromkeys(paths, 503)


def test_the_id_of_one_prediction_is_in_parameters_and_trailing_metadata() -> None:
    async def ask(stub: GRPCInferenceServiceStub, _: ServerMetrics) -> None:
        call = stub.ModelInfer(request(b"good", outputs=["confidence"]), timeout=30)
        single = str(uuid.UUID(int=0))
        assert (await call).parameters["prediction_id"].string_param == single
        assert dict(await call.trailing_metadata())["x-prediction-id"] == single

        several = await stub.ModelInfer(request(b"good", b"bad", outputs=["confidence"]), timeout=30)
        assert several.parameters["prediction_ids"].string_param == f"{single},{uuid.UUID(int=1)}"

    assert requests_of(over_grpc(Fake(ready=True), ask)) == {"200": 2}


def test_a_cancelled_call_is_given_up_and_counted_as_such() -> None:
    predictor = Fake(ready=True)

    async def ask(stub: GRPCInferenceServiceStub, metrics: ServerMetrics) -> None:
        predictor.gate.clear()
        call = stub.ModelInfer(request(b"good"), timeout=30)
        await asyncio.sleep(0.2)
        call.cancel()
        await asyncio.wait_for(predictor.cancelled.wait(), 30)

    assert requests_of(over_grpc(predictor, ask)) == {"499": 1}


def test_tensors_that_contradict_each_other_are_refused_as_the_callers_fault() -> None:
    async def ask(stub: GRPCInferenceServiceStub, _: ServerMetrics) -> None:
        message = request(b"good")
        message.raw_input_contents.extend([b"\x04\0\0\0good", b"one too many"])
        with pytest.raises(grpc.RpcError) as refusal:
            await stub.ModelInfer(message, timeout=30)
        assert refusal.value.code() == grpc.StatusCode.INVALID_ARGUMENT

        message = request(b"good")
        message.inputs[0].datatype = "NOTHING"
        with pytest.raises(grpc.RpcError) as refusal:
            await stub.ModelInfer(message, timeout=30)
        assert (refusal.value.code(), "send the texts as BYTES" in refusal.value.details()) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            True,
        )

    assert requests_of(over_grpc(Fake(ready=True), ask)) == {"400": 2}
