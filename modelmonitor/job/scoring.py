"""Scores of texts from the very predictor that is monitored: the reference is what it would answer."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import numpy as np

from modelmonitor.job.errors import JobError
from modelmonitor.sample import FloatArray

CHUNK: Final = 64
_TIMEOUT_S: Final = 120.0
_ATTEMPTS: Final = 8
_LONGEST_PAUSE_S: Final = 10.0
_PATH: Final = "/reference/score"
_REFUSALS: Final[dict[int, str]] = {
    401: "refused the token: set score_token to its MM_SERVER_SCORE_TOKEN",
    404: "has no /reference/score: start it with MM_SERVER_SCORE_TOKEN set, or correct its address; a server "
    "that is not ModelMonitor's has no such route, so compare with reference.window or reference.rolling",
}


class PredictorUnreachable(JobError):
    """The predictor does not answer: start it, or correct its address."""


class PredictorRefused(JobError):
    """The predictor answered, but did not score the texts; the message says what to change."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What the model says of n texts.

    Attributes:
        probabilities: (n, k) float32 in the order of `classes`.
        embeddings: (n, d) float32, or None where the model gives none.
    """

    classes: tuple[str, ...]
    model_name: str
    model_version: str
    probabilities: FloatArray
    embeddings: FloatArray | None


def score_texts(
    texts: Sequence[str],
    *,
    predictor_url: str,
    token: str,
    pause: Callable[[float], None] = time.sleep,
) -> Scores:
    """Score texts through `POST /reference/score`, which neither logs nor counts them.

    Args:
        texts: at least one.
        predictor_url: address of the predictor, such as http://127.0.0.1:8080.
        token: the predictor's MM_SERVER_SCORE_TOKEN.
        pause: waits the given seconds before another attempt.

    Raises:
        PredictorUnreachable: nobody answers at the address, or it stays overloaded.
        PredictorRefused: the token is wrong, the route is closed, or a text cannot be classified.
    """
    place = _place(predictor_url)
    with closing(_connection(place)) as connection:
        answers = [
            _answer(connection, chunk, place=place, token=token, pause=pause) for chunk in _chunks(texts)
        ]
    versions = {(answer["model_name"], answer["model_version"]) for answer in answers}
    if len(versions) > 1:
        raise PredictorRefused(
            f"The predictor at {_named(place)} changed its model while it scored the reference: run it again."
        )
    return _joined(answers)


def _chunks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK))


def _place(predictor_url: str) -> SplitResult:
    place = urlsplit(predictor_url)
    if place.scheme not in {"http", "https"} or not place.hostname:
        raise PredictorUnreachable(
            f"{predictor_url!r} is not the address of a predictor: write it like http://127.0.0.1:8080."
        )
    return place


def _named(place: SplitResult) -> str:
    # Without user and password, which an address may hold.
    port = f":{place.port}" if place.port else ""
    return f"{place.scheme}://{place.hostname}{port}"


def _connection(place: SplitResult) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    return kind(place.hostname or "", place.port, timeout=_TIMEOUT_S)


def _answer(
    connection: http.client.HTTPConnection,
    texts: Sequence[str],
    *,
    place: SplitResult,
    token: str,
    pause: Callable[[float], None],
) -> dict[str, Any]:
    for attempt in range(_ATTEMPTS):
        status, body = _exchange(connection, texts, place=place, token=token)
        if status != http.HTTPStatus.SERVICE_UNAVAILABLE:
            return _accepted(status, body, place=place)
        pause(min(_LONGEST_PAUSE_S, 0.5 * 2**attempt))
    raise PredictorUnreachable(
        f"The predictor at {_named(place)} stayed unavailable (503) over {_ATTEMPTS} attempts: "
        "wait until it is ready and less busy."
    )


def _exchange(
    connection: http.client.HTTPConnection, texts: Sequence[str], *, place: SplitResult, token: str
) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    try:
        connection.request(
            "POST", place.path.rstrip("/") + _PATH, body=json.dumps({"texts": list(texts)}), headers=headers
        )
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise PredictorUnreachable(
            f"The predictor at {_named(place)} does not answer ({error}): start it or correct its address."
        ) from None


def _accepted(status: int, body: bytes, *, place: SplitResult) -> dict[str, Any]:
    if status == http.HTTPStatus.OK:
        answer: dict[str, Any] = json.loads(body)
        return answer
    said = _REFUSALS.get(status, f"answered {status}: {body[:300].decode('utf-8', 'replace')}")
    raise PredictorRefused(f"The predictor at {_named(place)} {said}.")


def _joined(answers: Sequence[dict[str, Any]]) -> Scores:
    rows = [row for answer in answers for row in answer["rows"]]
    encoded = [row["embedding"] for row in rows]
    return Scores(
        classes=tuple(answers[0]["classes"]),
        model_name=answers[0]["model_name"],
        model_version=answers[0]["model_version"],
        probabilities=np.asarray([row["probabilities"] for row in rows], dtype=np.float32),
        embeddings=None if None in encoded else np.stack([_embedding(text) for text in encoded]),
    )


def _embedding(text: str) -> FloatArray:
    return np.frombuffer(base64.b64decode(text), dtype="<f2").astype(np.float32)
