"""Beyond its limits the server says so at once and keeps what it has accepted."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.timeout(900)


async def burst(url: str, requests: int) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=requests)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as http:
        return await asyncio.gather(
            *(
                http.post("/v1/models/sentiment:predict", json={"instances": ["good " * 100] * 8})
                for _ in range(requests)
            )
        )


def test_a_full_queue_answers_503_with_retry_after_and_everything_accepted_is_logged(
    start_server: Any, database_url: str, rows_in: Any
) -> None:
    server = start_server(database_url=database_url, max_queued_texts=8, max_batch_texts=2)
    replies = asyncio.run(burst(server.url, 100))
    answered = [r for r in replies if r.status_code == 200]
    refused = [r for r in replies if r.status_code == 503]

    assert len(answered) + len(refused) == 100
    assert (len(answered) > 0, len(refused) > 0) == (True, True)
    for refusal in refused:
        assert 1 <= int(refusal.headers["retry-after"]) <= 60
        assert f"send the request again in {refusal.headers['retry-after']} s" in refusal.json()["error"]
    ids = [prediction["prediction_id"] for r in answered for prediction in r.json()["predictions"]]
    assert {str(row["prediction_id"]) for row in rows_in(database_url, ids)} == set(ids)
    assert server.metrics()[
        'api_errors_total{endpoint="/v1/models/{model_name}:predict",error_type="overloaded"}'
    ] == len(refused)


@pytest.mark.parametrize(("policy", "status"), [("refuse", 503), ("drop", 200)])
def test_a_full_log_refuses_or_drops_as_told_and_counts(start_server: Any, policy: str, status: int) -> None:
    server = start_server(spool_max_bytes=1024 * 1024, when_log_full=policy, max_text_chars=200_000)
    with server.client() as client:
        replies = [client.post("/predict", json={"text": "good " * 30_000}) for _ in range(10)]

    assert replies[0].status_code == 200
    assert replies[-1].status_code == status
    assert server.metrics()['api_prediction_log_dropped_total{reason="spool_full"}'] > 0
    if policy == "refuse":
        assert "could not be logged" in replies[-1].json()["error"]
        assert replies[-1].headers["retry-after"] == "10"


def test_what_is_kept_of_the_text_is_a_setting(start_server: Any, database_url: str, rows_in: Any) -> None:
    server = start_server(database_url=database_url, input_text="hash", log_embeddings=False)
    with server.client() as client:
        ids = [client.post("/predict", json={"text": "good"}).json()["prediction_id"] for _ in range(2)]
    first, second = rows_in(database_url, ids)

    assert (
        first["input_text"]
        == second["input_text"]
        == "sha256:770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c"
    )
    assert first["embedding"] is None
