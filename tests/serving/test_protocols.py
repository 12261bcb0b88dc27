"""Every protocol gives the same answer to the same text, and an id under which it was logged."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import grpc
import httpx
import numpy as np
import pytest
from kserve import InferInput, InferRequest, InferResponse
from kserve.protocol.grpc import grpc_predict_v2_pb2 as pb
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import GRPCInferenceServiceStub

pytestmark = pytest.mark.timeout(300)
TEXT = "this film is amazing ! i love it"
V2_BODY = {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": [TEXT]}]}
SEGMENT = {"x-modelmonitor-segment": "language=en,channel=app"}


class Said(NamedTuple):
    sentiment: str
    probabilities: tuple[float, ...]
    prediction_id: str


@pytest.fixture
def stub(server: Any) -> Iterator[GRPCInferenceServiceStub]:
    with grpc.insecure_channel(server.grpc) as channel:
        yield GRPCInferenceServiceStub(channel)


def by_predict(client: httpx.Client) -> Said:
    reply = client.post("/predict", json={"text": TEXT}, headers=SEGMENT)
    body = reply.json()
    assert reply.headers["x-prediction-id"] == body["prediction_id"]
    assert (body["model_name"], body["model_version"]) == ("sentiment", "7")
    assert body["confidence"] == max(body["probabilities"].values())
    return Said(body["sentiment"], tuple(body["probabilities"].values()), body["prediction_id"])


def _v1(prediction: dict[str, Any]) -> Said:
    assert set(prediction) == {"sentiment", "confidence", "probabilities", "prediction_id"}
    return Said(
        prediction["sentiment"], tuple(prediction["probabilities"].values()), prediction["prediction_id"]
    )


def by_v1(client: httpx.Client) -> Said:
    reply = client.post("/v1/models/sentiment:predict", json={"instances": [TEXT]}, headers=SEGMENT)
    assert reply.headers["x-prediction-id"] == reply.json()["predictions"][0]["prediction_id"]
    return _v1(reply.json()["predictions"][0])


def by_v1_objects(client: httpx.Client) -> Said:
    return _v1(
        client.post("/v1/models/sentiment:predict", json={"instances": [{"text": TEXT}]}).json()[
            "predictions"
        ][0]
    )


def by_binary_cloudevent(client: httpx.Client) -> Said:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": "t",
        "ce-source": "s",
        "content-type": "application/json",
    }
    reply = client.post(
        "/v1/models/sentiment:predict", content=json.dumps({"instances": [TEXT]}), headers=headers
    )
    assert (reply.headers["ce-type"], reply.headers["ce-specversion"]) == (
        "io.kserve.inference.response",
        "1.0",
    )
    return _v1(reply.json()["predictions"][0])


def by_structured_cloudevent(client: httpx.Client) -> Said:
    event = {
        "specversion": "1.0",
        "id": "1",
        "type": "t",
        "source": "s",
        "time": "now",
        "data": {"instances": [TEXT]},
    }
    headers = {"content-type": "application/cloudevents+json; charset=utf-8"}
    reply = client.post("/v1/models/sentiment:predict", content=json.dumps(event), headers=headers)
    assert reply.headers["content-type"] == "application/cloudevents+json"
    assert reply.json()["type"] == "io.kserve.inference.response"
    return _v1(reply.json()["data"]["predictions"][0])


def _v2(body: dict[str, Any]) -> Said:
    outputs = {output["name"]: output for output in body["outputs"]}
    assert {name: (o["datatype"], o["shape"]) for name, o in outputs.items()} == {
        "sentiment": ("BYTES", [1]),
        "confidence": ("FP32", [1]),
        "probabilities": ("FP32", [1, 3]),
        "prediction_id": ("BYTES", [1]),
    }
    assert outputs["probabilities"]["parameters"] == {"classes": '["NEGATIVE","NEUTRAL","POSITIVE"]'}
    assert None not in (body.values(), *(output.values() for output in outputs.values()))
    [sentiment], [prediction_id] = outputs["sentiment"]["data"], outputs["prediction_id"]["data"]
    return Said(sentiment, tuple(outputs["probabilities"]["data"]), prediction_id)


def by_v2(client: httpx.Client) -> Said:
    reply = client.post("/v2/models/sentiment/infer", json={**V2_BODY, "id": "mine"}, headers=SEGMENT)
    assert (reply.json()["id"], reply.json()["model_version"]) == ("mine", "7")
    return _v2(reply.json())


def by_v2_version(client: httpx.Client) -> Said:
    reply = client.post("/v2/models/sentiment/versions/7/infer", json=V2_BODY).json()
    assert reply["id"] == _v2(reply).prediction_id
    return _v2(reply)


def by_v2_binary(client: httpx.Client) -> Said:
    framed = struct.pack("<I", len(TEXT)) + TEXT.encode()
    tensor = {
        "name": "text",
        "shape": [1, 1],
        "datatype": "BYTES",
        "parameters": {"binary_data_size": len(framed)},
    }
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    reply = client.post(
        "/v2/models/sentiment/infer",
        content=head + framed,
        headers={"inference-header-content-length": str(len(head))},
    )
    response = InferResponse.from_bytes(reply.content, int(reply.headers["inference-header-content-length"]))
    return _from_kserve(response)


def _from_kserve(response: InferResponse) -> Said:
    outputs = {output.name: output.as_numpy().ravel().tolist() for output in response.outputs}
    texts = [
        str(v, "utf-8") if isinstance(v, bytes) else v
        for v in outputs["sentiment"] + outputs["prediction_id"]
    ]
    return Said(texts[0], tuple(outputs["probabilities"]), texts[1])


REST: list[tuple[Callable[[httpx.Client], Said], str]] = [
    (by_predict, "predict"),
    (by_v1, "v1"),
    (by_v1_objects, "v1"),
    (by_binary_cloudevent, "cloudevent"),
    (by_structured_cloudevent, "cloudevent"),
    (by_v2, "v2"),
    (by_v2_version, "v2"),
    (by_v2_binary, "v2"),
]


@pytest.mark.parametrize(("ask", "source"), REST, ids=[ask.__name__ for ask, _ in REST])
def test_rest_answers_alike_and_logs_the_row(
    client: httpx.Client, shared_database: str, rows_in: Any, ask: Callable[[httpx.Client], Said], source: str
) -> None:
    reference, said = by_predict(client), ask(client)

    assert said.sentiment == reference.sentiment
    assert said.probabilities == pytest.approx(reference.probabilities, abs=1e-6)
    [row] = rows_in(shared_database, [said.prediction_id])
    assert (row["source"], row["predicted_sentiment"], row["input_text"]) == (source, said.sentiment, TEXT)


@pytest.mark.parametrize("raw", [False, True], ids=["contents", "raw"])
def test_grpc_answers_alike_and_logs_the_row(
    client: httpx.Client, stub: GRPCInferenceServiceStub, shared_database: str, rows_in: Any, raw: bool
) -> None:
    tensor = InferInput("text", [1], "BYTES", data=None if raw else [TEXT])
    if raw:
        tensor.set_data_from_numpy(np.array([TEXT], dtype=np.object_))
    request = InferRequest("sentiment", [tensor], request_id="mine").to_grpc()
    response = stub.ModelInfer(request, metadata=(("x-modelmonitor-segment", "language=en"),), timeout=60)

    reference, said = by_predict(client), _from_kserve(InferResponse.from_grpc(response))
    assert (response.id, response.model_name, response.model_version) == ("mine", "sentiment", "7")
    assert said.sentiment == reference.sentiment
    assert said.probabilities == pytest.approx(reference.probabilities, abs=1e-6)
    [row] = rows_in(shared_database, [said.prediction_id])
    assert (row["source"], row["segment"]) == ("grpc", {"language": "en"})


def test_a_row_holds_everything_that_was_answered(
    client: httpx.Client, shared_database: str, rows_in: Any
) -> None:
    said = by_predict(client)
    [row] = rows_in(shared_database, [said.prediction_id])

    assert row["deployment_id"] == row["model_name"] == "sentiment"
    assert row["model_version"] == "7"
    assert row["segment"] == {"language": "en", "channel": "app"}
    assert row["probabilities"] == pytest.approx(said.probabilities, abs=1e-6)
    assert row["confidence_score"] == pytest.approx(max(said.probabilities), abs=1e-6)
    assert np.frombuffer(row["embedding"], dtype="<f2").shape == (32,)
    assert row["latency_ms"] > 0


def test_each_text_of_a_batch_gets_the_answer_it_gets_alone(client: httpx.Client) -> None:
    texts = ["good", "bad film", "i hate this terrible terrible film !", "a", "the the the the the the good"]
    together = client.post("/v1/models/sentiment:predict", json={"instances": texts}).json()["predictions"]
    alone = [client.post("/predict", json={"text": text}).json() for text in texts]

    assert [p["sentiment"] for p in together] == [p["sentiment"] for p in alone]
    for batched, single in zip(together, alone, strict=True):
        assert batched["probabilities"] == pytest.approx(single["probabilities"], abs=1e-5)
    assert len({p["prediction_id"] for p in together}) == len(texts)


def test_only_the_wanted_outputs_come_back_in_their_order(
    client: httpx.Client, stub: GRPCInferenceServiceStub
) -> None:
    wanted = [{"name": "confidence"}, {"name": "sentiment", "parameters": {"binary_data": False}}]
    reply = client.post("/v2/models/sentiment/infer", json={**V2_BODY, "outputs": wanted}).json()
    request = InferRequest("sentiment", [InferInput("text", [1], "BYTES", data=[TEXT])]).to_grpc()
    request.outputs.add(name="confidence")

    assert [output["name"] for output in reply["outputs"]] == ["confidence", "sentiment"]
    assert [output.name for output in stub.ModelInfer(request, timeout=60).outputs] == ["confidence"]


def test_grpc_tells_about_the_server_and_the_model(stub: GRPCInferenceServiceStub) -> None:
    metadata = stub.ModelMetadata(pb.ModelMetadataRequest(name="sentiment"))

    assert stub.ServerLive(pb.ServerLiveRequest()).live
    assert stub.ServerReady(pb.ServerReadyRequest()).ready
    assert stub.ModelReady(pb.ModelReadyRequest(name="sentiment")).ready
    assert [(tensor.name, tensor.datatype) for tensor in metadata.inputs] == [("text", "BYTES")]


def _grpc_request(**changes: Any) -> pb.ModelInferRequest:
    fields: dict[str, Any] = {
        "model_name": "sentiment",
        "name": "text",
        "datatype": "BYTES",
        "texts": [b"good"],
    } | changes
    request = pb.ModelInferRequest(model_name=fields["model_name"])
    tensor = request.inputs.add(
        name=fields["name"], datatype=fields["datatype"], shape=[len(fields["texts"])]
    )
    tensor.contents.bytes_contents.extend(fields["texts"])
    return request


@pytest.mark.parametrize(
    ("request_", "code", "sentence"),
    [
        (_grpc_request(model_name="other"), grpc.StatusCode.NOT_FOUND, 'the model here is "sentiment"'),
        (
            _grpc_request(datatype="INT64", texts=[]),
            grpc.StatusCode.INVALID_ARGUMENT,
            "send the texts as BYTES",
        ),
        (_grpc_request(texts=[b"\xff"]), grpc.StatusCode.INVALID_ARGUMENT, "not UTF-8"),
        (_grpc_request(texts=[b""]), grpc.StatusCode.INVALID_ARGUMENT, "text is empty"),
        (_grpc_request(texts=[]), grpc.StatusCode.INVALID_ARGUMENT, "holds no text"),
        (pb.ModelInferRequest(model_name="sentiment"), grpc.StatusCode.INVALID_ARGUMENT, "no inputs"),
    ],
)
def test_grpc_refuses_with_a_status_and_a_sentence(
    stub: GRPCInferenceServiceStub, request_: pb.ModelInferRequest, code: grpc.StatusCode, sentence: str
) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        stub.ModelInfer(request_, timeout=60)

    assert (refusal.value.code(), sentence in refusal.value.details()) == (code, True)


def test_nobody_unloads_the_model(client: httpx.Client, stub: GRPCInferenceServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        stub.RepositoryModelUnload(pb.RepositoryModelUnloadRequest(model_name="sentiment"))

    assert refusal.value.code() == grpc.StatusCode.PERMISSION_DENIED
    assert client.post("/v2/repository/models/sentiment/unload").status_code == 403
    assert client.get("/v2/models/sentiment/ready").json() == {"name": "sentiment", "ready": True}
