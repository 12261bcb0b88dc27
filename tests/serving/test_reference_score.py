"""Reference texts are scored by the endpoint that is monitored, and leave no trace as predictions."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import numpy as np
import pytest

pytestmark = pytest.mark.timeout(300)
AUTHORIZED = {"authorization": "Bearer score-token"}


def test_scores_are_those_of_predict_with_the_embedding(client: httpx.Client) -> None:
    body = client.post("/reference/score", json={"texts": ["good", "bad film"]}, headers=AUTHORIZED).json()
    predicted = client.post("/predict", json={"text": "good"}).json()

    assert {key: body[key] for key in ("classes", "model_name", "model_version")} == {
        "classes": ["NEGATIVE", "NEUTRAL", "POSITIVE"],
        "model_name": "sentiment",
        "model_version": "7",
    }
    assert body["rows"][0]["probabilities"] == pytest.approx(
        list(predicted["probabilities"].values()), abs=1e-5
    )
    embeddings = [np.frombuffer(base64.b64decode(row["embedding"]), dtype="<f2") for row in body["rows"]]
    assert [embedding.shape for embedding in embeddings] == [(32,), (32,)]


def test_scoring_neither_logs_nor_counts_predictions(client: httpx.Client, server: Any) -> None:
    before = server.metrics()
    assert (
        client.post("/reference/score", json={"texts": ["good"] * 5}, headers=AUTHORIZED).status_code == 200
    )
    after = server.metrics()

    watched = [name for name in before if name.startswith(("api_prediction", "api_predictions"))]
    moved = {name for name in watched if before[name] != after[name]} - {"api_prediction_log_spooled_bytes"}
    assert moved <= {"api_prediction_log_written_total"}


@pytest.mark.parametrize(
    "authorization", [None, "Bearer wrong", "Basic score-token", "Bearer", "score-token"]
)
def test_without_the_token_nothing_is_scored(client: httpx.Client, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    reply = client.post("/reference/score", json={"texts": ["good"]}, headers=headers)

    assert (reply.status_code, "MM_SERVER_SCORE_TOKEN" in reply.json()["error"]) == (401, True)


@pytest.mark.parametrize(
    ("body", "sentence"), [({}, "got nothing"), ({"texts": "a"}, "got a string"), ({"texts": []}, "no text")]
)
def test_bad_texts_are_refused(client: httpx.Client, body: dict[str, Any], sentence: str) -> None:
    reply = client.post("/reference/score", json=body, headers=AUTHORIZED)

    assert (reply.status_code, sentence in reply.json()["error"]) == (400, True)
