"""Whatever is wrong with a request, the answer is a status and one sentence, and the server stays well."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.timeout(300)
V1, V2 = "/v1/models/sentiment:predict", "/v2/models/sentiment/infer"
SENTENCES: list[tuple[str, Any, int, str]] = [
    ("/predict", b"", 400, "the body is empty"),
    ("/predict", b'{"text": "good"', 400, "not valid JSON"),
    ("/predict", b'{"text": "\\ud800"}', 400, "not valid JSON"),
    ("/predict", b'{"text": "\xff"}', 400, "not valid JSON"),
    ("/predict", b"[]", 400, "must be a JSON object, got a list"),
    ("/predict", b"{}", 400, 'no field "text"'),
    ("/predict", b'{"Text": "good"}', 400, 'no field "text"'),
    ("/predict", b'{"text": null}', 400, "must be a string, got null"),
    ("/predict", b'{"text": 7}', 400, "must be a string, got a number"),
    ("/predict", b'{"text": ["good"]}', 400, "must be a string, got a list"),
    ("/predict", b'{"text": " "}', 400, "text is empty"),
    ("/predict", b'{"text": "%s"}' % (b"a" * 1001), 400, "has 1001 characters and 1000 are allowed"),
    ("/predict", b'{"text": "%s"}' % (b"a" * 9_000_000), 413, "longer than the 8388608 bytes"),
    (V1, b"{}", 400, '"instances" must be a list of texts, got nothing'),
    (V1, b'{"instances": "good"}', 400, "got a string"),
    (V1, b'{"instances": []}', 400, "holds no text"),
    (V1, b'{"instances": [["a", "b"]]}', 400, "must be a string, got a list"),
    (V1, b'{"instances": [{"txt": "a"}]}', 400, "must be a string, got null"),
    (V1, b'{"instances": ["a", ""]}', 400, "text 1 is empty"),
    (V1, b'{"instances": ["a", "a", "a", "a", "a", "a", "a", "a", "a"]}', 413, "9 texts and 8 are allowed"),
    ("/v1/models/other:predict", b'{"instances": ["a"]}', 404, 'the model here is "sentiment"'),
    ("/v1/models/sentiment:explain", b"{}", 501, "no explainer"),
    (V2, b"nonsense", 400, "not valid JSON"),
    (V2, b"{}", 400, '"inputs" must be a list, got nothing'),
    (V2, b'{"inputs": []}', 400, "no inputs"),
    (V2, b'{"inputs": ["a"]}', 400, "must be an object"),
    (V2, b'{"inputs": [{"shape": [1], "datatype": "BYTES", "data": ["a"]}]}', 400, '"name" must be a string'),
    (
        V2,
        b'{"inputs": [{"name": "text", "datatype": "BYTES", "data": ["a"]}]}',
        400,
        "must be a list of integers",
    ),
    (
        V2,
        b'{"inputs": [{"name": "text", "shape": [1], "datatype": "FP32", "data": [1]}]}',
        400,
        "datatype FP32",
    ),
    (
        V2,
        b'{"inputs": [{"name": "text", "shape": [2], "datatype": "BYTES", "data": ["a"]}]}',
        400,
        "shape [2]",
    ),
    (V2, b'{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES"}]}', 400, "neither data nor"),
    (
        V2,
        b'{"inputs": [{"name": "text", "shape": [0], "datatype": "BYTES", "data": []}]}',
        400,
        "holds no text",
    ),
    (
        V2,
        b'{"id": 7, "inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a"]}]}',
        400,
        '"id" must',
    ),
    ("/v2/models/sentiment/versions/8/infer", b"{}", 404, 'version "7" is'),
    ("/v2/models/other/infer", b"{}", 404, 'the model here is "sentiment"'),
    ("/v2/repository/models/sentiment/load", b"", 403, "over the network"),
    ("/nowhere", b"{}", 404, "nothing at this path"),
    ("/metrics", b"{}", 405, "POST is not what this path takes"),
]


@pytest.mark.parametrize(("path", "body", "status", "sentence"), SENTENCES)
def test_a_bad_body_gets_a_sentence(
    client: httpx.Client, path: str, body: bytes, status: int, sentence: str
) -> None:
    reply = client.post(path, content=body, headers={"content-type": "application/json"})

    assert (reply.status_code, set(reply.json())) == (status, {"error"})
    assert sentence in reply.json()["error"]


def test_an_unknown_output_is_refused_before_anything_is_predicted(client: httpx.Client, server: Any) -> None:
    before = server.metrics()["api_prediction_duration_seconds_count"]
    tensor = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["good"]}
    reply = client.post(V2, json={"inputs": [tensor], "outputs": [{"name": "logits"}]})

    assert (reply.status_code, 'no output "logits"' in reply.json()["error"]) == (400, True)
    assert server.metrics()["api_prediction_duration_seconds_count"] == before


def test_a_bad_segment_is_refused(client: httpx.Client) -> None:
    reply = client.post("/predict", json={"text": "good"}, headers={"x-modelmonitor-segment": "nonsense"})

    assert (reply.status_code, "x-modelmonitor-segment must be pairs" in reply.json()["error"]) == (400, True)


def test_a_false_length_of_the_json_part_is_refused(client: httpx.Client) -> None:
    for length in ("-1", "x", "999"):
        reply = client.post(V2, content=b"{}", headers={"inference-header-content-length": length})
        assert (reply.status_code, "must be a number of bytes" in reply.json()["error"]) == (400, True)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/x-www-form-urlencoded",
        "text/plain",
        None,
    ],
)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/predict", b'{"text": "good"}'),
        (V1, b'{"instances": ["good"]}'),
        (V2, b'{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["good"]}]}'),
    ],
)
def test_the_content_type_does_not_matter(
    client: httpx.Client, path: str, body: bytes, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"content-type": content_type}

    assert client.post(path, content=body, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path", ["/v2", "/v2/", "/v2/models", "/v1/models", "/v2/models/sentiment/versions/7", "/docs", "/"]
)
def test_what_can_be_read_can_be_read(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_the_docs_page_needs_no_other_server(client: httpx.Client) -> None:
    page = client.get("/docs").text
    needed = re.findall(r'(?:src|href)="([^"]+)"', page)

    assert needed
    assert [address for address in needed if "//" in address] == []
    assert [client.get(address).status_code for address in needed] == [200] * len(needed)


def test_the_document_describes_predict_once_and_no_kserve_duplicates(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    predict = paths["/predict"]["post"]

    assert predict["requestBody"]["content"]["application/json"]["schema"]["required"] == ["text"]
    reply = predict["responses"]["200"]["content"]["application/json"]["schema"]
    assert (reply["title"], reply["additionalProperties"]) == ("PredictReply", False)
    assert not [path for path in paths if "repository" in path]


def test_the_log_shows_neither_texts_nor_tracebacks(client: httpx.Client, server: Any) -> None:
    client.post("/predict", json={"text": "a secret that nobody may read"})
    client.post("/predict", content=b'{"text": "a secret that')
    client.post("/predict", json={"text": ["a secret"]})

    assert "secret" not in server.log()
    assert "Traceback" not in server.log()
