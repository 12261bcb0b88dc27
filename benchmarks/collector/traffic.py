"""Events as KServe's agent sends them: HTTP requests, ready to be written to a socket."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

_TEXT: Final = (
    "the film was a long slow and quiet story of two people who never meet although they live in one house "
    "which nobody had expected from its director but everybody liked in the end because of the music"
)
WORDS: Final = tuple(_TEXT.split())
_MEAN_WORDS: Final = 30
_MODEL_MS: Final = 40


def events(pairs: int, *, seed: int) -> Iterator[bytes]:
    """Two events for each pair, the response about twenty events after its request, sometimes before it."""
    chance = random.Random(seed)  # noqa: S311  # a workload, not a secret
    start = datetime.now(UTC)
    ordered: list[tuple[float, bytes]] = []
    for number in range(pairs):
        request, response = _pair(number, start + timedelta(milliseconds=number), chance)
        ordered += [(number, request), (number + chance.gauss(10, 6), response)]
    ordered.sort(key=lambda each: each[0])
    return (data for _, data in ordered)


def _pair(number: int, at: datetime, chance: random.Random) -> tuple[bytes, bytes]:
    text = " ".join(chance.choices(WORDS, k=max(1, int(chance.expovariate(1 / _MEAN_WORDS)))))
    positive = chance.random()
    reply = {"predictions": [{"NEGATIVE": 1 - positive, "POSITIVE": positive}]}
    answered = at + timedelta(milliseconds=_MODEL_MS)
    return (
        _http("request", number, at=at, body=orjson.dumps({"instances": [text]})),
        _http("response", number, at=answered, body=orjson.dumps(reply)),
    )


def _http(kind: str, number: int, *, at: datetime, body: bytes) -> bytes:
    lines = (
        "POST / HTTP/1.1",
        "host: collector.ml.svc",
        "user-agent: Go-http-client/1.1",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "ce-specversion: 1.0",
        f"ce-id: 6a2f9c1e-{number:012d}",
        f"ce-type: org.kubeflow.serving.inference.{kind}",
        "ce-source: sentiment-predictor-6c7d9f5b8-x2v4k",
        f"ce-time: {at.isoformat()}",
        f"ce-recordedtime: {at.isoformat()}",
        "ce-inferenceservicename: sentiment",
        "ce-namespace: ml",
        "ce-component: predictor",
        "ce-metadata: {}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
