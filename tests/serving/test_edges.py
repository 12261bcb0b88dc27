"""Large bodies, full batches, clients that leave, and who can reach the server at all."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub

pytestmark = pytest.mark.timeout(400)
V1 = "/v1/models/sentiment:predict"
PREDICTIONS = "api_prediction_duration_seconds_count"
GONE = 'api_requests_total{endpoint="/v1/models/{model_name}:predict",method="POST",status="499"}'


def test_a_text_of_two_megabytes_is_answered_and_logged_whole(
    wide_server: Any, shared_database: str, rows_in: Any
) -> None:
    text = "good film " * 200_000
    with wide_server.client() as client:
        reply = client.post("/predict", json={"text": text})

    assert reply.status_code == 200
    [row] = rows_in(shared_database, [reply.json()["prediction_id"]])
    assert row["input_text"] == text


def test_as_many_texts_as_allowed_get_one_id_each_and_one_more_is_refused(
    wide_server: Any, shared_database: str, rows_in: Any
) -> None:
    with wide_server.client() as client:
        full = client.post(V1, json={"instances": ["good"] * 256})
        over = client.post(V1, json={"instances": ["good"] * 257})

    ids = {prediction["prediction_id"] for prediction in full.json()["predictions"]}
    assert (full.status_code, len(ids)) == (200, 256)
    assert len(rows_in(shared_database, sorted(ids))) == 256
    assert (over.status_code, "257 texts and 256 are allowed" in over.json()["error"]) == (413, True)


def test_a_body_without_a_length_is_read_up_to_the_limit_only(wide_server: Any) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(200):
            yield b"a" * 100_000

    with wide_server.client() as client:
        reply = client.post("/predict", content=endless())

    assert (reply.status_code, "longer than the 8388608 bytes" in reply.json()["error"]) == (413, True)


def test_texts_of_clients_that_left_are_not_predicted_and_leave_no_rows(wide_server: Any) -> None:
    before = wide_server.metrics()

    async def leave() -> int:
        limits = httpx.Limits(max_connections=40)
        async with httpx.AsyncClient(base_url=wide_server.url, timeout=1.0, limits=limits) as client:
            calls = (client.post(V1, json={"instances": ["this film is good "] * 256}) for _ in range(40))
            replies = await asyncio.gather(*calls, return_exceptions=True)
        return sum(isinstance(reply, httpx.TimeoutException) for reply in replies)

    left = asyncio.run(leave())
    with wide_server.client() as client:
        assert client.post("/predict", json={"text": "still here"}).status_code == 200
    after = wide_server.metrics()
    predicted = after[PREDICTIONS] - before[PREDICTIONS] - 1

    assert left > 10
    assert after[GONE] - before.get(GONE, 0) == left
    # All texts of a request or none; and only of those few that were through before their client left.
    assert (predicted % 256, predicted <= (40 - left + 1) * 256) == (0, True)


def reachable(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_server_of_this_machine_alone_is_not_reached_by_its_other_addresses(
    wide_server: Any, server: Any
) -> None:
    other = "127.0.0.2"

    assert [reachable(other, port) for port in (wide_server.http_port, wide_server.grpc_port)] == [False] * 2
    assert [reachable(other, port) for port in (server.http_port, server.grpc_port)] == [True] * 2


def test_grpc_tells_the_id_in_parameters_and_trailing_metadata_of_the_real_server(wide_server: Any) -> None:
    request = pb.ModelInferRequest(model_name="sentiment")
    tensor = request.inputs.add(name="text", datatype="BYTES", shape=[1])
    tensor.contents.bytes_contents.append(b"good")
    with grpc.insecure_channel(wide_server.grpc) as channel:
        response, call = GRPCInferenceServiceStub(channel).ModelInfer.with_call(request, timeout=60)

    assert (
        dict(call.trailing_metadata())["x-prediction-id"] == response.parameters["prediction_id"].string_param
    )


def test_repaired_texts_are_counted(wide_server: Any) -> None:
    with wide_server.client() as client:
        assert client.post("/predict", json={"text": "good \u0000 film"}).status_code == 200

    assert wide_server.metrics()["api_prediction_log_repaired_total"] >= 1
